import {
  type Append,
  AppendConditionFailedError,
  CommandAlreadyHandledError,
  EventIdConflictError,
  type ExpectedVersion,
  InvalidAppendError,
  type Receipts,
  type StoredEvent,
  type StreamDeletedError,
  WrongExpectedVersionError,
  whyNotJson,
} from '@writ/event-store'
import { failureOf } from '../postgres-failure.js'
import { Verdict } from '../schema/append-functions.js'
import type { EntryVerdict } from './verdicts.js'

const MAX_MISSED = 100

/** What a refusal's error tells besides the verdict is read afterwards: a batch does not wait for it. */
export interface RefusalReads {
  /** A stream's events from one version up to another; undefined where some are not read any more. */
  missed(stream: string, from: number, upTo: number): Promise<readonly StoredEvent[] | undefined>
  /** Why a deleted stream can't be appended to. */
  deletion(stream: string): Promise<StreamDeletedError | undefined>
  readonly receipts: Receipts
}

/** A verdict that is no acceptance → the error that the caller gets. Undefined: the reason has gone meanwhile; ask again. */
export async function refusalOf(
  append: Append,
  { verdict, detail, position }: Omit<EntryVerdict, 'writtenAt'>,
  reads: RefusalReads,
): Promise<Error | undefined> {
  // The server reads only those texts as JSON that it stores, and malformed input comes before any other reason.
  const malformed = whyNotJson(append)
  if (malformed) return malformed
  const { stream, events, expectedVersion = 'any', receipts = [] } = append
  switch (verdict) {
    case Verdict.wrongVersion:
      return new WrongExpectedVersionError(
        stream,
        expectedVersion,
        detail,
        await missedBy(stream, expectedVersion, detail, reads),
      )
    case Verdict.conditionFailed:
      return new AppendConditionFailedError(stream, position)
    case Verdict.alreadyHandled: {
      const receipt = await reads.receipts.find(receipts[detail]!.commandId)
      return receipt && new CommandAlreadyHandledError(receipt)
    }
    case Verdict.deleted:
      return reads.deletion(stream)
    default:
      return new EventIdConflictError(stream, events[detail - 1]!.id)
  }
}

export async function missedBy(
  stream: string,
  expected: ExpectedVersion,
  actual: number,
  reads: Pick<RefusalReads, 'missed'>,
): Promise<readonly StoredEvent[] | undefined> {
  const known = typeof expected === 'number' ? expected : expected === 'no-stream' ? 0 : actual
  if (actual <= known) return []
  if (actual - known > MAX_MISSED) return undefined
  try {
    return await reads.missed(stream, known + 1, actual)
  } catch {
    // The conflict itself is certain; who gets no events reads the stream.
    return undefined
  }
}

/** Which of the appends has texts that the server can't take; undefined where something else made it refuse them. */
export function whyNotHeld(appends: readonly Append[], error: unknown): InvalidAppendError | undefined {
  // 22, 54: texts that are no JSON; or that JSON.parse takes and PostgreSQL does not, such as one nested too deep.
  if (!/^(22|54)/.test(failureOf(error).sqlState)) return undefined
  for (const append of appends) {
    const why = whyNotJson(append)
    if (why) return why
  }
  const whose = appends.length === 1 ? 'its data' : 'its data, or that of another one in the same call'
  return Object.assign(new InvalidAppendError(appends[0]!.stream, `PostgreSQL can not hold ${whose}`), { cause: error })
}
