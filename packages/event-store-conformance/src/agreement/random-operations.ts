import type { ExpectedVersion } from '@writ/event-store'
import fc from 'fast-check'
import type { Capability } from '../capability.js'
import type { LeaseTime, Operation, ParkedGiven, ParkedName, ReadAllGiven, ReadGiven } from './operation.js'
import { command, query, randomAppend, randomRepetition } from './random-appends.js'
import { few, given, mostly, nothing, place, type Supports, sometimes, stream } from './random-values.js'

const leaseTime: fc.Arbitrary<LeaseTime> = fc.constantFrom('long', 'long', 'over at once')
const which = few(0, 3)
const subscription = fc.constantFrom(0, 0, 0, 1)
const partition = fc.constantFrom(0, 0, 0, 1, 2)

const parkedName: fc.Arbitrary<ParkedName> = fc.record({
  sequence: few(0, 1),
  position: mostly(few(1, 4), -1),
  part: fc.constantFrom(0, 0, 0, 1),
})
const parkedGiven: fc.Arbitrary<ParkedGiven> = fc
  .tuple(
    parkedName,
    fc.record({ attempts: sometimes(few(0, 2)), retry: sometimes(fc.constantFrom('now' as const, 'later' as const)) }),
  )
  .map(([name, given]) => ({ ...name, ...given }))

/** Lists of operations that meet each other often: few streams, tags, commands and subscriptions. */
export function randomOperations(supports: Supports): fc.Arbitrary<readonly Operation[]> {
  const possible: { weight: number; arbitrary: fc.Arbitrary<Operation> }[] = []
  const asked = <K extends Operation['kind']>(
    weight: number,
    kind: K,
    fields: Fields<Extract<Operation, { kind: K }>>,
    ...needs: readonly Capability[]
  ) => {
    const arbitrary = fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Operation>
    if (supports(...needs)) possible.push({ weight, arbitrary })
  }

  const append = randomAppend(supports)
  const appends = fc.array(fc.oneof({ weight: 4, arbitrary: append }, { weight: 1, arbitrary: randomRepetition }), {
    minLength: 2,
    maxLength: 4,
  })
  possible.push({ weight: 14, arbitrary: append }, { weight: 4, arbitrary: randomRepetition })
  asked(3, 'together', { appends })
  const several = fc.array(append, { minLength: 1, maxLength: 3 })
  asked(2, 'append all', { appends: several }, 'several streams')
  asked(2, 'transaction', { appends: several, fails: fc.boolean() }, 'transactions')
  asked(2, 'stream info', { stream }, 'deletes', 'truncation')
  const deleted = fc.constantFrom<(ExpectedVersion | undefined)[]>(undefined, 'any', 'no-stream', 1, 2)
  const hard = supports('hard deletes') ? fc.constantFrom(undefined, false, true) : nothing
  asked(1, 'delete stream', { stream: few(0, 5), expects: deleted, hard }, 'deletes')
  asked(1, 'truncate stream', { stream, before: mostly(few(1, 6), 0, 1.5), hard }, 'truncation')
  const narrowed = { search: sometimes(few(0, 3)), category: sometimes(fc.constantFrom('account', 'transfer'), 3) }
  asked(1, 'list streams', { parity: few(0, 1), ...narrowed, after: sometimes(few(0, 4), 3), limit: few(1, 3) }, 'stream lists')
  asked(2, 'find events', { which: fc.array(few(0, 20), { maxLength: 3 }), ids: nothing })
  asked(3, 'read stream', { stream, options: reading(supports) })
  asked(3, 'read all', { options: supports('queries') ? fc.oneof(reading(supports), queried(supports)) : reading(supports) })
  asked(1, 'head', {})
  asked(1, 'find receipt', { command }, 'receipts')
  const state = fc.constantFrom('{}', '{ "balance": 1.50 }')
  const snapshot = { stream: few(0, 1), schemaVersion: few(1, 2) }
  asked(2, 'save snapshot', { ...snapshot, version: few(1, 9), state }, 'snapshots')
  asked(2, 'load snapshot', snapshot, 'snapshots')
  asked(1, 'delete snapshots', { stream: few(0, 1) }, 'snapshots')
  const position = few(0, 20)
  asked(4, 'register', { subscription, startAfter: few(0, 9), partitions: few(1, 2) }, 'checkpoints')
  asked(6, 'acquire', { subscription, partition, owner: few(0, 1), lease: leaseTime }, 'checkpoints')
  asked(1, 'renew', { which, lease: leaseTime }, 'checkpoints')
  asked(1, 'release', { which }, 'checkpoints')
  asked(4, 'advance', { which, position }, 'checkpoints')
  asked(1, 'advance with an effect', { which, position, fails: fc.boolean() }, 'checkpoints', 'checkpoint transactions')
  asked(1, 'list checkpoints', { subscription }, 'checkpoints')
  asked(3, 'heartbeat', { owner: few(0, 1), lease: leaseTime }, 'checkpoints')
  asked(1, 'leave', { owner: few(0, 1) }, 'checkpoints')
  asked(1, 'pause', { subscription }, 'checkpoints')
  asked(2, 'resume', { subscription }, 'checkpoints')
  asked(1, 'reset', { subscription, position, fails: fc.boolean() }, 'checkpoints', 'checkpoint transactions')
  asked(1, 'delete subscription', { subscription }, 'checkpoints')
  const effect = supports('checkpoint transactions') ? sometimes(fc.constantFrom('succeeds', 'fails'), 3) : nothing
  const changes = { park: fc.array(parkedGiven, { maxLength: 4 }), unpark: fc.array(parkedName, { maxLength: 2 }) }
  asked(4, 'advance and park', { which, position, ...changes, effect }, 'checkpoints')
  const page = { after: sometimes(few(0, 4), 3), limit: sometimes(mostly(few(1, 3), 0), 3) }
  asked(
    3,
    'list parked',
    { subscription, which: fc.constantFrom('all', 'due', 'woken', 'of a sequence'), ...page },
    'checkpoints',
  )
  const fitting = { sequence: sometimes(few(0, 1)), position: sometimes(few(1, 4)) }
  asked(1, 'decide parked', { subscription, decision: fc.constantFrom('retry', 'discard'), ...fitting }, 'checkpoints')
  const data = mostly(fc.constantFrom('{ "amount": 1.50 }', undefined), '[]', '{')
  asked(1, 'edit parked', { subscription, name: parkedName, data }, 'checkpoints')
  const projection = few(0, 1)
  const swapped = { projection, from: sometimes(few(1, 2)), to: mostly(few(1, 2), 0), fails: fc.boolean() }
  asked(2, 'swap', swapped, 'projection versions')
  asked(1, 'live version', { projection }, 'projection versions')
  return fc.array(fc.oneof(...possible), { minLength: 1, maxLength: 60, size: 'max' })
}

type Fields<T> = { [K in keyof Omit<T, 'kind'>]-?: fc.Arbitrary<T[K & keyof T] | undefined> }

const reading = (supports: Supports) =>
  given<ReadGiven>({
    from: sometimes(mostly(place, -1, 1.5)),
    to: sometimes(mostly(place, -1, 0.5)),
    direction: supports('backwards reads') ? sometimes(mostly(fc.constantFrom('forwards', 'backwards'), 'sideways')) : nothing,
    limit: sometimes(mostly(few(0, 12), -1, Number.NaN)),
    pageSize: sometimes(mostly(few(1, 5), 0, 10_001)),
    durable: sometimes(fc.boolean()),
  })

const queried = (supports: Supports) =>
  fc
    .tuple(
      reading(supports),
      given<Pick<ReadAllGiven, 'query' | 'stream' | 'category' | 'correlationId'>>({
        query: sometimes(query),
        stream: sometimes(fc.array(stream, { minLength: 1, maxLength: 3 }), 4),
        category: sometimes(fc.constantFrom('account', 'transfer', 'none'), 4),
        correlationId: sometimes(fc.constantFrom('c-1', 'c-2'), 4),
      }),
    )
    .map(([options, asked]) => ({ ...options, ...asked }))
