import { type Append, type Runtime, StoreUnavailableError, type WrittenEvents, whyNotJson } from '@writ/event-store'
import type { Connections } from '../connections.js'
import { translated } from '../postgres-failure.js'
import { Verdict } from '../schema/append-functions.js'
import type { SchemaName } from '../schema/schema-name.js'
import { answerOf } from './answer.js'
import type { AppendCall } from './append-call.js'
import { type Batch, type BatchEntry, entryOf, type WaitingAppend } from './batch.js'
import { meetsItself } from './meets-itself.js'
import type { NewStreams } from './new-streams.js'
import type { Notices } from './notices.js'
import { type RefusalReads, refusalOf, whyNotHeld } from './refusal.js'
import { type EntryVerdict, haveWritten } from './verdicts.js'
import { writtenEvents } from './written-events.js'

export interface Delivery {
  readonly connections: Connections
  readonly call: AppendCall
  readonly notices: Notices
  readonly newStreams: NewStreams
  readonly reads: RefusalReads
  readonly schema: SchemaName
  readonly runtime: Runtime
  /** Milliseconds. */
  readonly retryFor: number
  /** Milliseconds. */
  readonly lockTimeout: number
  readonly onAccepted: OnAccepted
}

/**
 * Told the last place that was given to an append of a batch, when it is durable.
 *
 * @param written what the batch has written, for whoever wants to know
 */
export type OnAccepted = (position: number, eventId?: string, written?: () => WrittenEvents | undefined) => void

/** What is known of a batch that was sent before. */
interface History {
  readonly oneByOne: boolean
  /** Whether an earlier sending was cut off, so that it may be stored. */
  readonly mayBeCommitted: boolean
}

/** Sends a batch until each of its appends is answered, whatever becomes of the others; it never throws. */
export async function deliver(delivery: Delivery, batch: Batch, history?: History): Promise<void> {
  const { call, notices } = delivery
  const answer = await answerOf(
    delivery,
    (client, oneByOne, trustsNew) =>
      notices.telling(
        (notify) => call.send(client, batch, { oneByOne, trustsNew, notify }),
        (verdicts) => haveWritten(batch, verdicts),
      ),
    history
      ? { careful: history.oneByOne, mayBeCommitted: history.mayBeCommitted }
      : { careful: meetsItself(batch), mayBeCommitted: false, mayTrust: true },
  )
  if (answer.verdicts) return settle(delivery, batch, answer.verdicts)
  const { error, isFinal, careful: oneByOne, mayBeCommitted } = answer
  if (isFinal) return refuseAll(batch, error)
  return refused(delivery, batch, error, { oneByOne, mayBeCommitted })
}

/** The server refused the batch as a whole: whoever is to blame must fail alone. */
async function refused(delivery: Delivery, batch: Batch, error: unknown, history: History): Promise<void> {
  const blameless: BatchEntry[] = []
  for (const entry of batch) {
    const sound = entry.parts.filter((part) => {
      const why = whyNotJson(part.append)
      if (why) part.refuse(why)
      return why === undefined
    })
    if (sound.length === entry.parts.length) blameless.push(entry)
    else if (sound.length > 0) blameless.push(entryOf(sound))
  }
  const parts = blameless.flatMap((entry) => entry.parts)
  if (parts.length === 0) return
  if (parts.length < batch.reduce((sum, entry) => sum + entry.parts.length, 0)) return deliver(delivery, blameless, history)
  if (blameless.length > 1) {
    const half = Math.ceil(blameless.length / 2)
    await deliver(delivery, blameless.slice(0, half), history)
    return deliver(delivery, blameless.slice(half), history)
  }
  if (parts.length > 1) return deliverSingly(delivery, parts, history)
  parts[0]!.refuse(blamed(parts[0]!.append, error, history))
}

async function deliverSingly(delivery: Delivery, parts: readonly WaitingAppend[], history?: History): Promise<void> {
  for (const part of parts) await deliver(delivery, [entryOf([part])], history)
}

function blamed(append: Append, error: unknown, { mayBeCommitted }: History): unknown {
  if (mayBeCommitted) return new StoreUnavailableError('postgres', 'append', true, error)
  return whyNotHeld([append], error) ?? translated(error, 'append', false)
}

async function settle(delivery: Delivery, batch: Batch, verdicts: readonly EntryVerdict[]): Promise<void> {
  let last = 0
  let lastId: string | undefined
  let others: Promise<void>[] | undefined
  for (let index = 0; index < batch.length; index++) {
    const { parts, events } = batch[index]!
    const verdict = verdicts[index]!
    if (isAnswer(verdict, parts)) {
      if (verdict.position > last) {
        last = verdict.position
        lastId = events.at(-1)?.id
      }
      accept(parts, events.length, verdict)
      continue
    }
    others ??= []
    if (parts.length > 1) others.push(deliverSingly(delivery, parts))
    else void refuse(delivery, parts[0]!, verdict)
  }
  if (last > 0) delivery.onAccepted(last, lastId, () => writtenEvents(batch, verdicts))
  if (others) await Promise.all(others)
}

// What is a repetition by its ids and data was not stored again, so that nobody has looked at its metadata.
function isAnswer({ verdict }: EntryVerdict, parts: readonly WaitingAppend[]): boolean {
  return verdict === Verdict.accepted || (verdict === Verdict.repeated && !parts.some(({ append }) => whyNotJson(append)))
}

function accept(parts: readonly WaitingAppend[], events: number, { detail: version, position }: EntryVerdict): void {
  let after = events
  for (const part of parts) {
    after -= part.append.events.length
    part.accept({ version: version - after, position: position - after })
  }
}

async function refuse(delivery: Delivery, part: WaitingAppend, verdict: EntryVerdict): Promise<void> {
  try {
    const refusal = await refusalOf(part.append, verdict, delivery.reads)
    if (refusal) part.refuse(refusal)
    else await deliverSingly(delivery, [part])
  } catch (error) {
    part.refuse(error)
  }
}

function refuseAll(batch: Batch, error: unknown): void {
  for (const { parts } of batch) for (const part of parts) part.refuse(error)
}
