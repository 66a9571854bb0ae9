import { StoreUnavailableError } from '@writ/event-store'
import type pg from 'pg'
import { LockTimeoutError } from '../errors.js'
import { type Failure, failureOf, LOCK_NOT_AVAILABLE, translated } from '../postgres-failure.js'
import { lockHolders } from '../schema/lock-holders.js'
import type { Delivery } from './deliver-batch.js'
import type { EntryVerdict } from './verdicts.js'

const UNIQUE_VIOLATION = '23505'
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 1_000

interface Sending {
  /** Whether repetitions are looked for beforehand: without, one that is unnoticed makes the server refuse the whole batch. */
  readonly careful: boolean
  /** Whether an earlier sending was cut off, so that it may be stored. */
  readonly mayBeCommitted: boolean
}

/** What the server said; or why there is no verdict, and whether its callers can be told so, or the culprit is to be found first. */
export type Answer =
  | { readonly verdicts: readonly EntryVerdict[] }
  | ({ readonly verdicts?: undefined; readonly error: unknown; readonly isFinal: boolean } & Sending)

/** Sends a batch until the server has answered, or it is too late; it never throws. */
export async function answerOf(
  delivery: Delivery,
  send: (client: pg.PoolClient, careful: boolean, trustsNew: boolean) => Promise<readonly EntryVerdict[]>,
  { careful, mayBeCommitted, mayTrust = false }: Sending & { readonly mayTrust?: boolean },
): Promise<Answer> {
  const { runtime, retryFor, newStreams } = delivery
  const deadline = runtime.monotonic() + retryFor
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const trustsNew = mayTrust && !careful && newStreams.areTrusted
    const outcome = await attempt(delivery, (client) => send(client, careful, trustsNew))
    if (outcome.verdicts) return outcome
    const { error, kind, sqlState, wasSent } = outcome
    if (kind === 'refused') {
      if (!wasSent) return { error: translated(error, 'append', mayBeCommitted), isFinal: true, careful, mayBeCommitted }
      if (sqlState !== UNIQUE_VIOLATION || careful) return { error, isFinal: false, careful, mayBeCommitted }
      if (trustsNew) newStreams.wereNot()
      else careful = true
      continue
    }
    // Sent again with the same event ids, it is stored once, whatever came of this time.
    mayBeCommitted ||= wasSent && kind === 'unknown'
    if (runtime.monotonic() + pause > deadline) {
      const cause = sqlState === LOCK_NOT_AVAILABLE ? await lockTimedOut(delivery, error) : error
      const unavailable = new StoreUnavailableError('postgres', 'append', mayBeCommitted, cause)
      return { error: unavailable, isFinal: true, careful, mayBeCommitted }
    }
    await runtime.sleep(pause * (0.5 + runtime.random() / 2))
  }
}

/** What tells who kept it waiting. */
export async function lockTimedOut(
  { connections, schema, lockTimeout }: Pick<Delivery, 'connections' | 'schema' | 'lockTimeout'>,
  cause: unknown,
): Promise<LockTimeoutError> {
  const ask = (client: pg.ClientBase) => connections.watched(client, () => lockHolders(client, schema, 'append'))
  const holders = await connections.using('ask for locks', ask, { writes: false }).catch(() => [])
  return new LockTimeoutError(schema.name, lockTimeout, holders, cause)
}

type Outcome =
  | { readonly verdicts: readonly EntryVerdict[] }
  | ({ readonly verdicts?: undefined; readonly error: unknown; readonly wasSent: boolean } & Failure)

async function attempt(
  { connections }: Delivery,
  send: (client: pg.PoolClient) => Promise<readonly EntryVerdict[]>,
): Promise<Outcome> {
  let client: pg.PoolClient
  try {
    client = await connections.checkOutForAppend()
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) return { error, wasSent: false, kind: 'refused', sqlState: '' }
    return { error: error.cause, wasSent: false, kind: 'transient', sqlState: '' }
  }
  try {
    const verdicts = await send(client)
    connections.giveBack(client)
    return { verdicts }
  } catch (error) {
    connections.giveBack(client, error)
    return { error, wasSent: true, ...failureOf(error) }
  }
}
