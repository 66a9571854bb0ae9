import { type Append, InvalidAppendError, type Runtime, StoreUnavailableError, whyNotJson } from '@writ/event-store'
import type pg from 'pg'
import type { Connections } from '../connections.js'
import { LockTimeoutError } from '../errors.js'
import { type Failure, failureOf, LOCK_NOT_AVAILABLE, translated } from '../postgres-failure.js'
import { Verdict } from '../schema/append-functions.js'
import { lockHolders } from '../schema/lock-holders.js'
import type { SchemaName } from '../schema/schema-name.js'
import type { AppendCall } from './append-call.js'
import { type Batch, type BatchEntry, entryOf, type WaitingAppend } from './batch.js'
import { meetsItself } from './meets-itself.js'
import type { Notices } from './notices.js'
import { type RefusalReads, refusalOf } from './refusal.js'
import type { EntryVerdict } from './verdicts.js'

const UNIQUE_VIOLATION = '23505'
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 1_000

export interface Delivery {
  readonly connections: Connections
  readonly call: AppendCall
  readonly notices: Notices
  readonly reads: RefusalReads
  readonly schema: SchemaName
  readonly runtime: Runtime
  /** Milliseconds. */
  readonly retryFor: number
  /** Milliseconds. */
  readonly lockTimeout: number
  /** The last place that was given to an append of a batch. */
  readonly onAccepted: (position: number, eventId: string | undefined) => void
}

/** What is known of a batch that was sent before. */
interface History {
  readonly oneByOne: boolean
  /** Whether an earlier sending was cut off, so that it may be stored. */
  readonly mayBeCommitted: boolean
}

/** Sends a batch until each of its appends is answered, whatever becomes of the others; it never throws. */
export async function deliver(delivery: Delivery, batch: Batch, history?: History): Promise<void> {
  const { runtime, retryFor } = delivery
  let { oneByOne, mayBeCommitted } = history ?? { oneByOne: meetsItself(batch), mayBeCommitted: false }
  const deadline = runtime.monotonic() + retryFor
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const outcome = await send(delivery, batch, oneByOne)
    if (outcome.verdicts) return settle(delivery, batch, outcome.verdicts)
    const { error, kind, sqlState, wasSent } = outcome
    if (kind === 'refused') {
      if (!wasSent) return refuseAll(batch, translated(error, 'append', mayBeCommitted))
      if (sqlState !== UNIQUE_VIOLATION || oneByOne) return refused(delivery, batch, error, { oneByOne, mayBeCommitted })
      oneByOne = true
      continue
    }
    // Sent again with the same event ids, it is stored once, whatever came of this time.
    mayBeCommitted ||= wasSent && kind === 'unknown'
    if (runtime.monotonic() + pause > deadline) {
      const cause = sqlState === LOCK_NOT_AVAILABLE ? await lockTimeout(delivery, error) : error
      return refuseAll(batch, new StoreUnavailableError('postgres', 'append', mayBeCommitted, cause))
    }
    await runtime.sleep(pause * (0.5 + runtime.random() / 2))
  }
}

async function lockTimeout({ connections, schema, lockTimeout }: Delivery, cause: unknown): Promise<LockTimeoutError> {
  const ask = (client: pg.ClientBase) => connections.watched(client, () => lockHolders(client, schema, 'append'))
  const holders = await connections.using('ask for locks', ask, { writes: false }).catch(() => [])
  return new LockTimeoutError(schema.name, lockTimeout, holders, cause)
}

type Outcome =
  | { readonly verdicts: readonly EntryVerdict[] }
  | ({ readonly verdicts?: undefined; readonly error: unknown; readonly wasSent: boolean } & Failure)

async function send({ connections, call, notices }: Delivery, batch: Batch, oneByOne: boolean): Promise<Outcome> {
  let client: pg.PoolClient
  try {
    client = await connections.checkOutForAppend()
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) return { error, wasSent: false, kind: 'refused', sqlState: '' }
    return { error: error.cause, wasSent: false, kind: 'transient', sqlState: '' }
  }
  try {
    const verdicts = await call.send(client, batch, { oneByOne, notify: notices.isDue() })
    connections.giveBack(client)
    return { verdicts }
  } catch (error) {
    connections.giveBack(client, error)
    return { error, wasSent: true, ...failureOf(error) }
  }
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
  // 22, 54: texts that JSON.parse takes and PostgreSQL does not, such as one nested too deep.
  if (/^(22|54)/.test(failureOf(error).sqlState)) {
    return Object.assign(new InvalidAppendError(append.stream, 'PostgreSQL can not hold its data'), { cause: error })
  }
  return translated(error, 'append', false)
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
  if (last > 0) delivery.onAccepted(last, lastId)
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
