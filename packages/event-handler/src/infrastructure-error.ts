import { isError, lookedAt, thrownCode, thrownMessage } from '@writ/event-store'

const codes: readonly string[] = [
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
  for (let depth = 0; depth < 10 && isError(current); depth++) {
    const code = thrownCode(current)
    if (code !== undefined && codes.includes(code)) return true
    current = causeOf(current)
  }
  return false
}

/** An error for logs and status: no more of it than its name, code, message and stack. */
export function describeError(error: unknown): { name: string; code?: string; message: string; stack?: string } {
  const message = thrownMessage(error)
  if (!isError(error)) return { name: 'Error', message }
  const code = thrownCode(error)
  return { ...nameAndStack(error), message, ...(code !== undefined && { code }) }
}

// What was thrown may throw when it is looked at.

function causeOf(error: Error): unknown {
  return lookedAt(() => error.cause)
}

function nameAndStack(error: Error): { name: string; stack?: string } {
  const looked = lookedAt(() => ({ name: error.name, ...(error.stack !== undefined && { stack: error.stack }) }))
  return looked ?? { name: 'Error' }
}
