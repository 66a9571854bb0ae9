import { type EventStore, type EventTypes, eventsOf, type RecordedEvent } from '@writ/event-store'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { eventsFor } from '../delivery/delivery.js'
import type { Holding } from '../delivery/holding.js'
import { Interruption } from '../delivery/interruption.js'
import { ownEvents } from '../delivery/own-events.js'
import { TransactionContexts } from '../delivery/transaction-contexts.js'
import { ReplayRefusedError } from '../errors/projection-errors.js'
import { LogEntry } from '../reading/log-entry.js'
import type { Subscription } from '../subscription.js'
import { withOwnTables } from './own-tables.js'

export interface ReplayOptions {
  readonly store: EventStore
  readonly types: EventTypes
}

/** Forgets one stream's rows and makes them anew, in a transaction of the checkpoint's holder. @returns how many events were handled */
export async function replayStream(options: ReplayOptions, subscription: Subscription, stream: string): Promise<number> {
  const { definition } = subscription
  const refuse = (why: string): never => {
    throw new ReplayRefusedError(definition.name, stream, why)
  }
  if (!definition.readModel?.forget) refuse('it has no `forget` that deletes the rows of one stream')
  const run = subscription.runOfStream(stream)
  if (!run) {
    const elsewhere = subscription.status.heldBy
    return refuse(elsewhere === undefined ? 'it does not run here' : `${elsewhere} runs it, and it can only be done there`)
  }
  let handled = 0
  try {
    await run.between(async (holding) => {
      await refuseParked(options.store, definition, stream, refuse)
      handled = await replayed(options, holding, stream, refuse)
    })
  } catch (error) {
    if (Interruption.is(error)) return refuse('it ceased to run here meanwhile; try again')
    throw error
  }
  return handled
}

async function replayed(
  { store, types }: ReplayOptions,
  holding: Holding,
  stream: string,
  refuse: (why: string) => never,
): Promise<number> {
  const { definition, own, report, lease, signal, state } = holding
  const { readModel } = definition
  const ownOf = ownEvents(definition, own)
  // All up to there is stored; what comes after it is handled in its turn.
  const { checkpoint } = report
  let handled = 0
  await store.checkpoints.advanceWith(lease, checkpoint, async (transaction) => {
    handled = 0
    const context = withOwnTables(transaction, readModel!)
    await readModel!.forget!(stream, context)
    const contexts = new TransactionContexts(context, definition.name, signal, state)
    for await (const stored of eventsOf(store.readStream(stream, { durable: false }))) {
      // What is shown by a link was handled where it was written.
      if (stored.position > checkpoint || stored.origin) continue
      const entry = new LogEntry(stored, types)
      const all = eventsFor(definition, entry)
      const mine = ownOf({ entries: [entry], upTo: stored.position }).entries.flatMap((one) => eventsFor(definition, one))
      if (own.partitions > 1 && mine.length < all.length) refuse('its events belong to several partitions')
      for (const event of mine) {
        await handle(definition, event, contexts)
        handled++
      }
    }
  })
  return handled
}

async function handle({ handlers }: SubscriptionDefinition, event: RecordedEvent, contexts: TransactionContexts): Promise<void> {
  await handlers.get(event.type)!(event.data, contexts.of(event, 1))
}

/** They would be counted now, and once more when they are retried. */
async function refuseParked(
  store: EventStore,
  { name }: SubscriptionDefinition,
  stream: string,
  refuse: (why: string) => never,
): Promise<void> {
  for (let after = 0; ; ) {
    const parked = await store.parked.list(name, { after, limit: 1_000 })
    if (parked.some((event) => event.stream === stream)) refuse('events of it are parked; retry or discard them first')
    if (parked.length === 0) return
    after = parked.at(-1)!.position
  }
}
