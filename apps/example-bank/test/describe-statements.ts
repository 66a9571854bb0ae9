import { Heartbeat } from '../src/statement/live-statement.js'
import { type Customer, eventually } from './bank-client.js'
import { EventSource } from './event-source.js'
import { startTestBank, type TestBank } from './running-bank.js'
import type { Place, TestStorage } from './test-place.js'

/** An account's past over HTTP, for every storage that the bank runs on. */
export function describeStatements({ storage, create }: TestStorage): void {
  describe(`on ${storage},`, () => {
    let place: Place
    let bank: TestBank
    let customer: Customer
    let listeners = 0

    const start = async () => {
      const opened = await place.openStorage()
      // Whoever follows the log listens: what is still there when all have left has been forgotten.
      const { store } = opened
      const { onAppended } = store
      store.onAppended = (listener) => {
        listeners++
        const forget = onAppended.call(store, listener)
        return () => {
          listeners--
          forget()
        }
      }
      return startTestBank({
        storage: opened,
        bindings: (container) => container.rebind(Heartbeat).toConstantValue(new Heartbeat(30)),
      })
    }
    beforeAll(async () => {
      place = await create()
      bank = await start()
    })
    beforeEach(async () => {
      customer = await bank.customer(bank.mailbox)
    })
    afterAll(async () => {
      await bank?.stop()
      await place?.close()
    })

    const path = () => `/api/accounts/${customer.account}/statement`
    const page = (query = '') => bank.get(`${path()}${query}`, { token: customer.token })
    const live = (headers: Record<string, string> = {}, query = '') =>
      EventSource.open(`${bank.url}${path()}${query}`, customer.token, headers)

    describe('a statement', () => {
      it('tells each movement with the balance after it, the oldest first', async () => {
        await bank.deposit(customer, 2_500)
        const { transfer } = (await bank.transfer(customer, '9999999999', 1_000)).body
        await bank.endOf(transfer, customer)
        await bank.withdraw(customer, 500)
        const answer = await page()
        expect(answer.status).toBe(200)
        const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
        expect(answer.body).toEqual({
          entries: [
            { at, kind: 'opening', amount: 100_000, balance: 100_000, version: 1 },
            { at, kind: 'deposit', amount: 2_500, balance: 102_500, version: 3 },
            { at, kind: 'withdrawal', amount: 1_000, balance: 101_500, version: 4, transfer },
            { at, kind: 'refund', amount: 1_000, balance: 102_500, version: 5, transfer },
            { at, kind: 'withdrawal', amount: 500, balance: 102_000, version: 6 },
          ],
        })
      })

      it('comes in pages; `next` leads from one to the other, and the last has none', async () => {
        for (let amount = 1; amount <= 9; amount++) await bank.deposit(customer, amount)
        const pages: { version: number; balance: number }[][] = []
        for (let next: string | undefined = `${path()}?limit=4`; next; ) {
          const { body } = await bank.get(next, { token: customer.token })
          pages.push(body.entries)
          next = body.next
        }
        expect(pages.map(({ length }) => length)).toEqual([4, 4, 2])
        expect(pages.flat().map(({ version }) => version)).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10, 11])
        expect(pages.flat().at(-1)?.balance).toBe(100_045)
        expect((await page('?after=11')).body).toEqual({ entries: [] })
        expect((await page('?limit=10')).body).toEqual({ entries: pages.flat() })
      })

      it('is refused for what is no page, behind the end, and to others', async () => {
        for (const query of ['?after=-1', '?after=x', '?limit=0', '?limit=1001', '?limit=1&limit=2', '?page=2', '?after=']) {
          expect(await page(query)).toMatchObject({ status: 400, body: { code: 'invalid-query' } })
        }
        expect(await page('?after=3')).toMatchObject({ status: 404, body: { code: 'not-found' } })
        const other = await bank.unverifiedCustomer()
        expect((await bank.get(path())).status).toBe(401)
        expect((await bank.get(path(), { token: other.token })).status).toBe(403)
      })
    })

    describe('a live statement', () => {
      it('gives what is there and then what comes, each with its version as its id', async () => {
        const source = await live()
        expect(source.response.headers.get('Content-Type')).toBe('text/event-stream')
        await source.until(1)
        await bank.deposit(customer, 2_500)
        await bank.withdraw(customer, 500)
        const events = await source.until(3)
        expect(events.map(({ id }) => id)).toEqual(['1', '3', '4'])
        expect(events.map(({ data }) => data)).toEqual((await page()).body.entries)
        source.close()
      })

      it('goes on behind the last id that was seen, as if nothing had been in between', async () => {
        const before = await live()
        await bank.deposit(customer, 1)
        const seen = (await before.until(2)).map(({ data }) => data)
        before.close()
        await bank.deposit(customer, 2)
        await bank.stop()
        bank = await start()
        const after = await live({ 'Last-Event-ID': '3' }, '?after=1')
        await bank.deposit(customer, 3)
        const all = [...seen, ...(await after.until(2)).map(({ data }) => data)]
        expect(all).toEqual((await page()).body.entries)
        after.close()
      })

      it('beats while nothing happens', async () => {
        const source = await live()
        await eventually(() => source.beats > 4, 'beats')
        expect(source.events).toHaveLength(1)
        source.close()
      })

      it('leaves nothing behind when its client goes', async () => {
        const before = listeners
        // More than Node takes for a leak, unless it is told that it is none.
        const sources = await Promise.all(Array.from({ length: 12 }, () => live()))
        expect(listeners).toBe(before + 12)
        for (const source of sources) source.close()
        await eventually(() => listeners === before, 'as many listeners as before')
        // Nobody reads what a HEAD would bring.
        await bank.request('HEAD', path(), { token: customer.token, headers: { Accept: 'text/event-stream' } })
        expect(listeners).toBe(before)
      })

      it('ends when the bank stops, which waits for nobody', async () => {
        const source = await live()
        await source.until(1)
        const began = Date.now()
        await bank.stop()
        expect(Date.now() - began).toBeLessThan(8_000)
        await eventually(() => source.hasEnded, 'its end')
        expect(listeners).toBe(0)
        bank = await start()
      })

      it('is refused for an id that is none, or has not come', async () => {
        const ask = (id: string) =>
          bank.get(path(), { token: customer.token, headers: { Accept: 'text/event-stream', 'Last-Event-ID': id } })
        for (const id of ['-1', 'x', '1.5', '1e3']) {
          expect(await ask(id)).toMatchObject({ status: 400, body: { code: 'invalid-last-event-id' } })
        }
        expect(await ask('99')).toMatchObject({ status: 404, body: { code: 'not-found' } })
      })
    })

    describe('an account as of then', () => {
      const asOf = (at: string) =>
        bank.get(`/api/accounts/${customer.account}?at=${encodeURIComponent(at)}`, { token: customer.token })

      it('is as it was at a version', async () => {
        const deposited = await bank.deposit(customer, 500)
        await bank.withdraw(customer, 200)
        const fixed = { account: customer.account, owner: 'Owner One' }
        expect((await asOf('1')).body).toEqual({ ...fixed, status: 'unverified', balance: 100_000, version: 1 })
        expect((await asOf('2')).body).toEqual({ ...fixed, status: 'verified', balance: 100_000, version: 2 })
        const third = await asOf('3')
        expect(third.body).toEqual({ ...fixed, status: 'verified', balance: 100_500, version: 3 })
        expect(third.headers.get('Writ-Position')).toBe(deposited.headers.get('Writ-Position'))
        expect((await asOf('4')).body).toMatchObject({ balance: 100_300, version: 4 })
      })

      it('is as it was at a time, whatever its offset; the time of an event is after it', async () => {
        await bank.deposit(customer, 500)
        await new Promise((resolve) => setTimeout(resolve, 5))
        await bank.withdraw(customer, 200)
        const { entries } = (await page()).body as { entries: { at: string; version: number; balance: number }[] }
        for (const { at, version, balance } of entries.slice(1)) {
          expect((await asOf(at)).body).toMatchObject({ version, balance })
          const elsewhere = new Date(Date.parse(at) + 2 * 3_600_000).toISOString().replace('Z', '+02:00')
          expect((await asOf(elsewhere)).body).toMatchObject({ version, balance })
        }
        const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
        expect((await asOf(tomorrow)).body).toMatchObject({ version: 4 })
      })

      it('was not there before it was opened, and has not come to what comes later', async () => {
        for (const at of ['0', '3', '999999999', '1999-12-31', '2020-02-29T12:00:00Z', new Date().toISOString().slice(0, 10)]) {
          const answer = await asOf(at)
          expect(answer).toMatchObject({ status: 404, type: 'application/problem+json', body: { code: 'not-found' } })
        }
      })

      it('is refused for what is neither a version nor a date', async () => {
        for (const at of [
          '',
          '-1',
          '1.5',
          '1e3',
          'yesterday',
          '2026-13-01',
          '2026-02-30',
          '2026-11-21T25:00:00Z',
          '9'.repeat(16),
        ]) {
          expect(await asOf(at)).toMatchObject({ status: 400, body: { code: 'invalid-query', issues: [{ path: 'at' }] } })
        }
        const twice = await bank.get(`/api/accounts/${customer.account}?at=1&at=2`, { token: customer.token })
        expect(twice).toMatchObject({ status: 400, body: { code: 'invalid-query' } })
      })
    })
  })
}
