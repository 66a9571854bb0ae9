import 'reflect-metadata'
import { Application, module } from '@writ/application'
import { newEvent, silentLogger, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { Hono } from 'hono'
import { MoneyDeposited } from '../account/account.events.js'
import { Account } from '../account/account.js'
import { Heartbeat, liveStatement } from './live-statement.js'

it('a live statement reads no further than its client has taken', async () => {
  const account = '1234567890'
  const store = inMemoryEventStore()
  const bank = await Application.create({ store, modules: [module({ name: 'accounts', aggregates: [Account] })] })
  await bank.start()
  const events = Array.from({ length: 1_000 }, () => newEvent(new MoneyDeposited({ account, amount: 1 }), systemRuntime.uuid()))
  await store.append({ stream: `account-${account}`, events })
  let pages = 0
  const { readStream } = store
  store.readStream = async function* (...args) {
    for await (const page of readStream.apply(store, args)) {
      pages++
      yield page
    }
  }
  const surroundings = { bank, logger: silentLogger, heartbeat: new Heartbeat(5), stopping: new AbortController().signal }
  const api = new Hono().get('/', (c) => liveStatement(c, surroundings, account, { version: 0, balance: 0 }))

  const body = (await api.request('/')).body?.getReader()
  await body?.read()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(pages).toBe(1)

  let taken = ''
  while (!taken.includes('id: 1000\n')) taken += new TextDecoder().decode((await body?.read())?.value)
  expect(pages).toBe(5)
  // Twenty beats would have had their time while nothing was taken; they did not pile up.
  expect(taken).not.toMatch(/(: beat\n\n){5}/)
  await body?.cancel()
  await bank.stop()
})
