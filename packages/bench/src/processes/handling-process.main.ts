#!/usr/bin/env node
// A process that handles deposits, and tells of each one.

import { eventHandler, on, Subscriptions } from '@writ/event-handler'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { MoneyDeposited } from '../bank/account.js'
import type { Environment } from '../system.js'

process.once('message', async ({ connectionString, schema }: Environment) => {
  const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
  await store.start()
  const subscriptions = new Subscriptions({ store, events: new EventTypes([MoneyDeposited]) })
  subscriptions.add(
    eventHandler({
      name: 'deposits',
      on: [on(MoneyDeposited, (_, { event: { position } }) => void process.send?.({ position }))],
    }),
  )
  await subscriptions.start()
  process.send?.({ isReady: true })
})
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})
