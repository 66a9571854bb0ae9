#!/usr/bin/env node
import { setTimeout as pause } from 'node:timers/promises'
import { Aggregates, aggregateOf } from '@writ/aggregate'
import { CommandRouter, routesOf } from '@writ/command-router'
import { EventTypes, systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { Account, AccountOpened, DepositMoney, MoneyDeposited, MoneyWithdrawn, OpenAccount } from '../bank/account.js'
import { AccountNumbers } from '../bank/account-numbers.js'
import { depositTo, opening } from '../bank/values.js'
import type { Question } from './cached-accounts.js'
import type { Measurement } from './figure.js'

const CALLERS = 256
const LIFESPAN = 3_600_000

async function measure({ environment, cacheSize }: Question): Promise<readonly Measurement[]> {
  const { connectionString, schema } = environment
  // Time is moved on in the end, until every account has lived its time.
  let ahead = 0
  const runtime = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() + ahead }
  const store = postgresEventStore({ connectionString, schema })
  await store.start()
  const events = new EventTypes([AccountOpened, MoneyDeposited, MoneyWithdrawn])
  const aggregates = new Aggregates({ store, events, runtime, cacheSize, lifespan: LIFESPAN })
  const router = new CommandRouter({ routes: routesOf(aggregateOf(Account)), aggregates, runtime })
  const accounts = new AccountNumbers(cacheSize * 1.5, CALLERS)
  let most = 0
  const each = async (caller: number) => {
    for (let index = caller; index < accounts.all.length; index += CALLERS) {
      const account = accounts.all[index]!
      await router.dispatch(new OpenAccount(opening(account)))
      await router.dispatch(new DepositMoney(depositTo(account)))
      most = Math.max(most, aggregates.cached)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => each(caller)))
  const { cached } = aggregates
  const full = heap()
  ahead = 2 * LIFESPAN
  while (aggregates.cached > 0) await pause(50)
  const bytes = Math.round((full - heap()) / cached)
  await router.stop()
  await aggregates.stop()
  await store.stop()
  return [
    // Those with a command under way are beside the cache.
    { what: `most accounts in memory with ${CALLERS} callers`, value: most, atMost: cacheSize + CALLERS },
    { what: 'accounts in the cache in the end', value: cached, atMost: cacheSize },
    { what: 'bytes of heap for each of them', value: bytes },
  ]
}

function heap(): number {
  gc!()
  return process.memoryUsage().heapUsed
}

process.on('message', async (question: Question) => process.send?.(await measure(question)))
// Whoever started it is gone, and with it whoever would stop it; a Ctrl-C reaches both, and is the other one's affair.
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})
