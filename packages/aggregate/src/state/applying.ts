import { ImpureApplyError } from '../errors/apply-errors.js'

// Applying is synchronous, so at most one event is being applied in a process.
let aggregate: string | undefined
let eventType = ''
let misdeed: ImpureApplyError | undefined

/** The function for an event begins to run. */
export function beginsToApply(name: string, type: string): void {
  aggregate = name
  eventType = type
}

/** It has ended. @throws ImpureApplyError when it has done meanwhile what is not for it to do */
export function endsApplying(): void {
  aggregate = undefined
  if (misdeed === undefined) return
  const error = misdeed
  misdeed = undefined
  throw error
}

/**
 * To be asked by what no function for an event may do: where one runs, it will fail for that, and this is the answer that it gets.
 *
 * @returns a promise that rejects with ImpureApplyError, and that nobody has to await; undefined where none runs
 */
export function refusedWhileApplying(what: string): Promise<never> | undefined {
  if (aggregate === undefined) return undefined
  misdeed = new ImpureApplyError(aggregate, eventType, what)
  const refused = Promise.reject(misdeed)
  refused.catch(() => {})
  return refused
}
