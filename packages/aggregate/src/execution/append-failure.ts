import { DomainError, hasCode } from '@writ/event-store'

/** Errors that one command's own events or id can cause; the others of the same append are not at fault. */
export function isAboutOneCommand(error: unknown): boolean {
  return (
    hasCode(error, 'invalid-append') ||
    hasCode(error, 'event-id-conflict') ||
    hasCode(error, 'value-not-storable') ||
    hasCode(error, 'inline-projection-failed') ||
    DomainError.is(error)
  )
}

const notStored = new Set([
  'overloaded',
  'store-not-running',
  'invalid-append',
  'invalid-stream-name',
  'event-id-conflict',
  'value-not-storable',
  'capability-missing',
  'inline-projection-failed',
])

/** Whether a failed append has certainly left the store as it was. */
export function isCertainlyNotStored(error: unknown): boolean {
  const { code, mayBeCommitted } = (error ?? {}) as { readonly code?: unknown; readonly mayBeCommitted?: unknown }
  return mayBeCommitted === false || (typeof code === 'string' && notStored.has(code))
}
