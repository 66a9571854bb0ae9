import { hasCode, thrownCode } from '@writ/event-store'

/**
 * Whether a transaction was refused because somebody else was first, so that it may be decided again: by version, condition, key or
 * receipt, or because it gave way to another one (SQLSTATE class 40, and memory's own deadlock). Nothing of it was stored then.
 */
export function isConflict(error: unknown): boolean {
  return (
    hasCode(error, 'wrong-expected-version') ||
    hasCode(error, 'append-condition-failed') ||
    hasCode(error, 'command-already-handled') ||
    hasCode(error, 'row-taken') ||
    gaveWay(error)
  )
}

/** Whether it would only meet the same one again at once. */
export function gaveWay(error: unknown): boolean {
  if (hasCode(error, 'row-deadlock')) return true
  return /^40(001|P01)$/.test(thrownCode(error) ?? '')
}
