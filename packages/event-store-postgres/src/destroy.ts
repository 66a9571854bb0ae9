import type pg from 'pg'

/** Closes the socket without asking the server: it may have stopped answering. */
export function destroy(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}
