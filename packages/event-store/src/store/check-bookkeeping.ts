// What adapters check before they touch checkpoints, receipts, snapshots and versions: a store that takes nonsense in gives it back some day.

import { InvalidOptionError } from '../errors/invalid-option-error.js'
import type { NewSubscription, PartitionName } from './checkpoints.js'
import type { Heartbeat } from './heartbeat.js'
import type { VersionChange } from './projection-versions.js'
import type { ReceiptsAsOf } from './receipts.js'
import type { Snapshot } from './snapshots.js'
import { checkStreamName } from './stream-name.js'

const MAX_PARTITIONS = 1_000
const MAX_INTEGER = 2_147_483_647
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const name = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,300}$/u

/** @throws InvalidOptionError */
export function checkNewSubscription({ name, startAfter, partitions = 1 }: NewSubscription): void {
  checkName('checkpoints.register', 'name', name)
  checkPosition('checkpoints.register', 'startAfter', startAfter)
  checkInteger('checkpoints.register', 'partitions', partitions, 1, MAX_PARTITIONS)
}

/** @throws InvalidOptionError */
export function checkAcquisition({ subscription, partition }: PartitionName, owner: string, leaseMilliseconds: number): void {
  checkName('checkpoints.acquire', 'subscription', subscription)
  checkInteger('checkpoints.acquire', 'partition', partition, 0, MAX_INTEGER)
  checkName('checkpoints.acquire', 'owner', owner)
  checkMilliseconds('checkpoints.acquire', 'leaseMilliseconds', leaseMilliseconds)
}

/** @throws InvalidOptionError */
export function checkHeartbeat({ owner, subscriptions, leaseMilliseconds }: Heartbeat): void {
  checkName('checkpoints.heartbeat', 'owner', owner)
  for (const name of subscriptions) checkName('checkpoints.heartbeat', 'subscriptions', name)
  checkMilliseconds('checkpoints.heartbeat', 'leaseMilliseconds', leaseMilliseconds)
}

/** @throws InvalidOptionError */
export function checkReset(subscription: string, position: number): void {
  checkName('checkpoints.reset', 'subscription', subscription)
  checkPosition('checkpoints.reset', 'position', position)
}

/** @throws InvalidOptionError */
export function checkSwap(name: string, { from, to }: VersionChange): void {
  checkName('projections.swap', 'name', name)
  checkInteger('projections.swap', 'to', to, 1, MAX_INTEGER)
  if (from !== undefined) checkInteger('projections.swap', 'from', from, 1, MAX_INTEGER)
  if (from === to) throw new InvalidOptionError('projections.swap', 'to', 'must be another version than the one to change from')
}

/** @throws InvalidOptionError */
export function checkSnapshot({ stream, version, position, schemaVersion, state }: Snapshot): void {
  checkStreamName(stream)
  checkInteger('snapshots.save', 'version', version, 1, MAX_INTEGER)
  checkInteger('snapshots.save', 'position', position, 1)
  checkInteger('snapshots.save', 'schemaVersion', schemaVersion, 1, MAX_INTEGER)
  if (typeof state !== 'string' || state === '' || state.includes('\u0000') || !state.isWellFormed())
    throw new InvalidOptionError('snapshots.save', 'state', 'must be JSON text')
}

/** @throws InvalidOptionError */
export function checkFind(commandId: string, asOf: ReceiptsAsOf | undefined): void {
  checkName('receipts.find', 'commandId', commandId)
  if (asOf === undefined) return
  checkPosition('receipts.find', 'asOf.position', asOf?.position)
  checkPosition('receipts.find', 'asOf.moment', asOf?.moment)
}

/** @throws InvalidOptionError */
export function checkName(subject: string, option: string, value: unknown): void {
  if (typeof value === 'string' && name.test(value) && value.isWellFormed()) return
  throw new InvalidOptionError(subject, option, 'must be 1 to 300 printable characters')
}

/** @throws InvalidOptionError */
export function checkPosition(subject: string, option: string, value: unknown): void {
  checkInteger(subject, option, value, 0)
}

/** @throws InvalidOptionError */
export function checkMilliseconds(subject: string, option: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return
  throw new InvalidOptionError(subject, option, 'must be milliseconds from 0')
}

/** @throws InvalidOptionError */
export function checkInteger(
  subject: string,
  option: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return
  throw new InvalidOptionError(subject, option, `must be an integer from ${least} to ${most}`)
}
