import type { WritError } from '@writ/event-store'

const codes: readonly unknown[] = [
  'store-unavailable',
  'store-not-running',
  'overloaded',
  // What became of a command that a handler has dispatched: nothing that is about the event.
  'command-timeout',
  'too-many-conflicts',
  'stopped',
  'application-not-running',
]

/**
 * Whether an error says that the store or the application is away or busy, and nothing about the event: such a one is waited out, however long it takes.
 *
 * It may be the cause of what a handler threw.
 */
export function isInfrastructureError(error: unknown): error is Error {
  let current = error
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    if (codes.includes((current as Partial<WritError>).code)) return true
    current = current.cause
  }
  return false
}

/** An error for logs and status: no more of it than its name, code, message and stack. */
export function describeError(error: unknown): { name: string; code?: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  const code = (error as { code?: unknown }).code
  return { name, message, ...(typeof code === 'string' && { code }), ...(stack !== undefined && { stack }) }
}
