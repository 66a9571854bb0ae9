import { module } from '@writ/application'
import { eventHandler, on, projection, retryThenStop } from '@writ/event-handler'
import { systemRuntime, upcaster } from '@writ/event-store'
import type { SqlTransaction } from '@writ/event-store-postgres'
import {
  assertReceived,
  refuteReceived,
  type StoreKind,
  settled,
  type TestApplication,
  type TestStore,
  testApplication,
  waitForEvent,
} from '../src/index.js'
import {
  Account,
  bank,
  DepositMoney,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  RequestTransfer,
  TransferRefused,
  TransferRequested,
  WithdrawMoney,
} from './bank.js'
import { failureOf } from './failure-of.js'

const totals = projection<SqlTransaction>({
  name: 'totals',
  setUp: async ({ sql }) => void (await sql`create table if not exists totals (account text primary key, cents bigint not null)`),
  on: [
    on(MoneyDeposited, async ({ account, amount }, { sql }) => {
      await sql`insert into totals as t values (${account}, ${amount}) on conflict (account) do update set cents = t.cents + ${amount}`
    }),
  ],
})

/** The same tests for every store. */
export function describeApplication(storeKind: StoreKind): void {
  describe(`an application under test, on ${storeKind}`, () => {
    const attempts: number[] = []
    let trouble: Error | undefined
    const troubled = eventHandler({
      name: 'troubled',
      onError: retryThenStop({ attempts: 3, firstDelay: 60_000, longestDelay: 60_000 }),
      on: [
        on(TransferRefused, (_event, { attempt }) => {
          attempts.push(attempt)
          if (trouble) throw trouble
        }),
      ],
    })
    let test: TestApplication
    const modules = (place: TestStore) => [
      bank,
      module({ name: 'extras', eventHandlers: [troubled], projections: place.on === 'postgres' ? [totals] : [] }),
    ]
    const open = async (account: string, amount: number) => {
      await test.app.dispatch(new OpenAccount({ account, email: `${account}@example.com` }))
      await test.app.dispatch(new DepositMoney({ account, amount }))
    }
    const transfer = (id: string, amount: number) =>
      test.app.dispatch(new RequestTransfer({ transfer: id, from: 'ann', to: 'bob', amount }))

    beforeEach(async () => {
      attempts.length = 0
      trouble = undefined
      test = await testApplication({ on: storeKind, modules })
      await open('ann', 100)
      await open('bob', 100)
    })
    afterEach(() => test.stop())

    it('settles when the last consequence is there, while no time passes', async () => {
      const { app, runtime } = test
      const began = runtime.now()
      await transfer('t', 30)
      await settled(app)
      const balance = async (account: string) => (await app.stateOf(Account, account)).state.balance
      expect([await balance('ann'), await balance('bob')]).toEqual([70, 130])
      expect(runtime.now()).toBe(began)
    })

    it('has projections in tables that the tests can look at, where there is SQL', async () => {
      const { place, app } = test
      if (place.on === 'memory') return
      await settled(app)
      const { rows } = await place.pool.query('select account, cents::int from totals order by account')
      expect(rows).toEqual([
        { account: 'ann', cents: 100 },
        { account: 'bob', cents: 100 },
      ])
    })

    it('tells what was received, typed by its class', async () => {
      await transfer('t', 30)
      const paidIn = await assertReceived(test.app, MoneyDeposited, { account: 'bob', transfer: 't' })
      expect(paidIn.data.amount).toBe(30)
      await assertReceived(test.app, MoneyWithdrawn, ({ amount }, { stream }) => amount === 30 && stream === 'account-ann')
      await assertReceived(test.app, MoneyWithdrawn)
      await refuteReceived(test.app, TransferRefused)
    })

    it('tells what was received in the shape of today, whatever it is stored as', async () => {
      const paidIn = upcaster({
        from: { type: 'money-paid-in', schemaVersion: 1 },
        to: [MoneyDeposited, MoneyWithdrawn],
        upcast: ({ to, amount, fee }: { to: string; amount: number; fee: number }) => [
          { 'money-deposited': { account: to, amount } },
          { 'money-withdrawn': { account: to, amount: fee } },
        ],
      })
      const earlier = module({ name: 'earlier', upcasters: [paidIn] })
      const { app, stop } = await testApplication({ on: storeKind, modules: (place) => [...modules(place), earlier] })
      const data = '{"to":"old","amount":9,"fee":1}'
      const event = { id: systemRuntime.uuid(), type: 'money-paid-in', schemaVersion: 1, data, metadata: '{}', tags: [] }
      await app.store.append({ stream: 'earlier-1', events: [event] })
      expect(await waitForEvent(app, MoneyDeposited, { account: 'old', amount: 9 })).toMatchObject({
        stream: 'earlier-1',
        part: 0,
      })
      expect(await waitForEvent(app, MoneyWithdrawn, { account: 'old', amount: 1 })).toMatchObject({ part: 1 })
      await refuteReceived(app, MoneyDeposited, { account: 'old', amount: 1 })
      await stop()
    })

    it('shows the nearest of what was received instead', async () => {
      await transfer('t', 30)
      const failure = await failureOf(assertReceived(test.app, MoneyDeposited, { account: 'bob', amount: 31, transfer: 't' }))
      expect(failure.name).toBe('ExpectationFailedError')
      expect(
        failure.message.replace(/position \d+/, 'position n'),
      ).toBe(`No MoneyDeposited with { account: 'bob', amount: 31, transfer: 't' } came. The nearest of 3 of this class is at position n (account-bob, version 3): 

- Expected
+ Received

  Object {
    "account": "bob",
-   "amount": 31,
+   "amount": 30,
    "transfer": "t",
  }`)
      const byFunction = await failureOf(assertReceived(test.app, MoneyWithdrawn, () => false))
      expect(byFunction.message).toMatch(
        /^No MoneyWithdrawn that the function is true for came\. The one of this class is at .*amount: 30/,
      )
      const none = await failureOf(assertReceived(test.app, TransferRefused, { reason: 'x' }))
      expect(none.message).toMatch(
        /^No TransferRefused with \{ reason: 'x' \} came\. The log has: 2 account-opened, 3 money-deposited, /,
      )
    })

    it('shows what was received and should not have been', async () => {
      await transfer('t', 130)
      const failure = await failureOf(refuteReceived(test.app, TransferRefused, { transfer: 't' }))
      expect(failure.message).toMatch(
        /^No TransferRefused with \{ transfer: 't' \} was to be in the log\. There is one at position \d+ \(transfer-t, version 2\): TransferRefused \{ transfer: 't', reason: 'insufficient-funds' \}$/,
      )
      await refuteReceived(test.app, TransferRefused, { transfer: 'u' })
    })

    it('looks beyond a position alone, when it is given one', async () => {
      const { position } = await transfer('t', 30)
      await refuteReceived(test.app, TransferRequested, {}, { after: position })
      const failure = await failureOf(waitForEvent(test.app, TransferRequested, {}, { after: position, timeout: 20 }))
      expect(failure.message).toMatch(/^No TransferRequested came within 20 ms\. The log has beyond position \d+: /)
    })

    it('waits for an event that comes by itself', async () => {
      const waiting = waitForEvent(test.app, MoneyWithdrawn, { account: 'ann' })
      setTimeout(() => void test.app.dispatch(new WithdrawMoney({ account: 'ann', amount: 1 })), 30)
      expect((await waiting).data).toEqual(new MoneyWithdrawn({ account: 'ann', amount: 1 }))
    })

    it('gives up waiting in real time, though no time passes', async () => {
      const failure = await failureOf(waitForEvent(test.app, TransferRefused, {}, { timeout: 30 }))
      expect(failure.message).toMatch(/^No TransferRefused came within 30 ms\./)
    })

    it('does not settle while a handler waits for its time; it says why, and settles when the time has passed', async () => {
      trouble = new Error('no paper')
      await transfer('t', 130)
      const told =
        /^The application 'application' did not settle within 300 ms:\n {2}troubled: retrying, attempt 1, at \d+, \d+ behind: no paper$/
      let failure = await failureOf(settled(test.app, { timeout: 300 }))
      // On a busy machine the others may be behind, too.
      for (let tries = 0; tries < 50 && !told.test(failure.message); tries++)
        failure = await failureOf(settled(test.app, { timeout: 300 }))
      expect(failure.message).toMatch(told)
      expect(attempts).toEqual([1])
      trouble = undefined
      await test.runtime.advance(60_000)
      expect(attempts).toEqual([1, 2])
      await settled(test.app)
    })

    it('does not settle when a handler has stopped, and says so at once', async () => {
      trouble = new Error('no ink')
      await transfer('t', 130)
      await waitForEvent(test.app, TransferRefused)
      for (let tries = 0; attempts.length < 3 && tries < 20; tries++) await test.runtime.advance(60_000)
      const failure = await failureOf(settled(test.app, { timeout: 60_000 }))
      expect(failure.message).toMatch(/\n {2}troubled: stopped, at \d+, \d+ behind: no ink$/)
      expect(failure.cause).toMatchObject({ code: 'committed-not-yet-visible', stopped: ['troubled'] })
    })

    it('goes on after minutes, and after a month that was skipped', async () => {
      const { app, runtime } = test
      const began = runtime.now()
      await runtime.advance(600_000)
      await transfer('t', 30)
      await assertReceived(app, MoneyDeposited, { transfer: 't' })
      await runtime.skip(30 * 24 * 3_600_000)
      await transfer('u', 30)
      await assertReceived(app, MoneyDeposited, { transfer: 'u' })
      expect(runtime.now()).toBe(began + 600_000 + 30 * 24 * 3_600_000)
    })
  })
}
