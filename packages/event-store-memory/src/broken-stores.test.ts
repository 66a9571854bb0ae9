import { randomUUID } from 'node:crypto'
import {
  type AreaTitle,
  type Create,
  type FailingScenario,
  failingScenarios,
  findDisagreement,
  type StoreOptions,
} from '@writ/event-store-conformance'
import { brokenAppends } from '../test/broken/broken-appends.js'
import { brokenReads } from '../test/broken/broken-reads.js'
import { brokenSides } from '../test/broken/broken-sides.js'
import { type BrokenStore, broken } from '../test/broken/broken-store.js'
import { brokenStreams } from '../test/broken/broken-streams.js'
import { brokenSubscriptions } from '../test/broken/broken-subscriptions.js'
import { brokenTransactions } from '../test/broken/broken-transactions.js'
import { InMemoryLog, inMemoryEventStore } from './index.js'

const unsupported = [
  { capability: 'foreign transactions', reason: 'only its own stores write to its log' },
  { capability: 'joined transactions', reason: 'memory has no transactions but those of its stores' },
] as const

// For a busy machine.
const PATIENCE = 60_000

const nothing: BrokenStore['instead'] = () => ({})
const all = [...brokenAppends, ...brokenReads, ...brokenSides, ...brokenSubscriptions, ...brokenStreams, ...brokenTransactions]

/** Stores on one log that do some things in another way. */
const placeOf = (instead: BrokenStore['instead']) => () => {
  const log = new InMemoryLog()
  const open = (options?: StoreOptions) => {
    const sound = inMemoryEventStore({ log, ...options })
    return broken(sound, instead(sound, log))
  }
  return { open, makeTable: async () => ({ name: randomUUID(), key: 'account' }) }
}

async function firstFailure(create: Create, area: AreaTitle, patience?: number): Promise<FailingScenario | undefined> {
  const failing = failingScenarios({ create, unsupported }, { areas: [area], ...(patience !== undefined && { patience }) })
  for await (const failure of failing) return failure
  return undefined
}

/** The suite is worth what it notices: each of these stores has one thing wrong. */
describe('The conformance suite', () => {
  it.each(all)(
    'notices a store that $does',
    async ({ area, instead }) => {
      const failure = await firstFailure(placeOf(instead), area, 300)
      expect(failure).toEqual({ area, sentence: expect.any(String), error: expect.any(Error) })
    },
    PATIENCE,
  )

  const areas = [...new Set(all.map(({ area }) => area))]
  it.each(areas)(
    'finds nothing wrong with the store that they are made of: %s',
    async (area) => {
      expect(await firstFailure(placeOf(nothing), area)).toBeUndefined()
    },
    PATIENCE,
  )
})

describe('The search for disagreements', () => {
  // A seed of its own, so that each run asks the same.
  const find = (create: Create) =>
    findDisagreement({
      name: 'broken',
      create,
      unsupported,
      reference: { name: 'sound', create: placeOf(nothing) },
      seed: 4,
    })

  const found = [
    'forgets a version conflict',
    'does not tell which events were missed',
    'stores the events of an append one by one',
    'lets a zombie advance',
  ]
  it.each(all.filter(({ does }) => found.includes(does)))(
    'comes upon a store that $does',
    async ({ instead }) => {
      const disagreement = await find(placeOf(instead))
      expect(disagreement?.message).toMatch(/seed: 4, path: "[\d:]+".*Counterexample/s)
    },
    PATIENCE,
  )

  it(
    'comes upon nothing in the store that they are made of',
    async () => {
      expect(await find(placeOf(nothing))).toBeUndefined()
    },
    PATIENCE,
  )
})
