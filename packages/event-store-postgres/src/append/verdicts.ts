import { Verdict } from '../schema/append-functions.js'
import type { Batch } from './batch.js'

/** What became of one entry of a batch; numbers as the append functions give them. */
export interface EntryVerdict {
  readonly verdict: (typeof Verdict)[keyof typeof Verdict]
  /** Accepted or repeated: the stream's version. Wrong version: the actual one. Id conflict: which event, from 1. Handled: which receipt, from 0. */
  readonly detail: number
  /** Accepted or repeated: the last event's position. Condition failed: the position of a match. */
  readonly position: number
  /** When the batch's events were written, in milliseconds; undefined where they have times of their own. */
  readonly writtenAt: number | undefined
}

/** Whether the append is stored, from now on or since an earlier time. */
export function isWritten(verdict: EntryVerdict['verdict']): boolean {
  return verdict === Verdict.accepted || verdict === Verdict.repeated
}

/** Whether anything is stored that was not there before. */
export function haveWritten(batch: Batch, verdicts: readonly EntryVerdict[]): boolean {
  return batch.some(({ events }, index) => events.length > 0 && verdicts[index]!.verdict === Verdict.accepted)
}

/** The text of a bigint array, as `append_one` and `append_batch` answer → a verdict for each entry. */
export function readVerdicts(batch: Batch, text: string): readonly EntryVerdict[] {
  const numbers = text.slice(1, -1).split(',').map(Number)
  if (numbers.length === 2) return allAccepted(batch, numbers[0]!, numbers[1]!)
  const n = batch.length
  const writtenAt = numbers[2 + 3 * n]
  let receiptsBefore = 0
  return batch.map(({ parts }, index) => {
    const verdict = numbers[2 + index] as EntryVerdict['verdict']
    const detail = numbers[2 + n + index]!
    const position = numbers[2 + 2 * n + index]!
    const own = verdict === Verdict.alreadyHandled ? detail - 1 - receiptsBefore : detail
    receiptsBefore += parts[0]!.append.receipts?.length ?? 0
    return { verdict, detail: own, position, writtenAt }
  })
}

/** The short answer: one event each, at the versions that were expected, numbered one after another. */
function allAccepted(batch: Batch, base: number, writtenAt: number): readonly EntryVerdict[] {
  return batch.map(({ parts }, index) => {
    const { expectedVersion } = parts[0]!.append
    const before = typeof expectedVersion === 'number' ? expectedVersion : 0
    return { verdict: Verdict.accepted, detail: before + 1, position: base + index + 1, writtenAt }
  })
}
