import { systemRuntime } from '@writ/event-store'
import type { Customer } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'
import type { Place, TestStorage } from './test-place.js'

const DAY = 24 * 60 * 60 * 1_000

/** The bank's figures over HTTP, for every storage that it runs on. */
export function describeReports({ storage, create }: TestStorage): void {
  describe(`the reports on ${storage}`, () => {
    let place: Place
    let bank: TestBank
    let one: Customer
    let two: Customer
    let daysLater = 0
    let period: { year: number; month: number; day: number }

    beforeAll(async () => {
      place = await create()
      bank = await startTestBank({
        storage: await place.openStorage(),
        runtime: { ...systemRuntime, now: () => Date.now() + daysLater * DAY },
      })
      // Two withdrawals, a transfer, one that is refunded, one that is refused, a deposit; then one more account, which nobody verifies.
      one = await bank.customer(bank.mailbox)
      two = await bank.customer(bank.mailbox)
      await bank.deposit(one, 7)
      await bank.withdraw(one, 100)
      await bank.withdraw(two, 20)
      for (const [to, amount] of [
        [two.account, 3_000],
        ['9999999999', 400],
        [two.account, 50_000_000],
      ] as const) {
        await bank.endOf((await bank.transfer(one, to, amount)).body.transfer, one)
      }
      await bank.unverifiedCustomer()
      const [year, month, day] = (await lastEntry(one)).at.slice(0, 10).split('-').map(Number)
      period = { year: year ?? 0, month: month ?? 0, day: day ?? 0 }
    })
    beforeEach(() => {
      daysLater = 0
    })
    afterAll(async () => {
      await bank?.stop()
      await place?.close()
    })

    const lastEntry = async ({ account, token }: Customer) =>
      (await bank.get(`/api/accounts/${account}/statement`, { token })).body.entries.at(-1)
    /** Behind a movement that comes after everything that is to be seen; in a session of today, whenever that is. */
    const report = async (path: string) => {
      const token = await bank.session(two.account, two.password)
      const { body } = await bank.deposit({ ...two, token }, 1)
      return bank.get(`/api/reports/${path}`, { headers: { 'Writ-Wait-For': String(body.position) } })
    }

    describe('on transactions', () => {
      const all = { sum: 100 + 20 + 3_000 + 400, count: 4 }

      it('count withdrawals and transfers by UTC day: a refunded one still, a refused one and deposits never', async () => {
        const { year, month, day } = period
        expect(await report(`transactions?year=${year}&month=${month}&day=${day}`)).toMatchObject({ status: 200, body: all })
        expect((await report(`transactions?year=${year}&month=${month}`)).body).toEqual(all)
        expect((await report(`transactions?year=${year}`)).body).toEqual(all)
      })

      it('know nothing of other days, months and years', async () => {
        const { year, month, day } = period
        const other = (number: number, greatest: number) => (number === greatest ? number - 1 : number + 1)
        for (const query of [
          `year=${year}&month=${month}&day=${day > 1 ? day - 1 : 2}`,
          `year=${year}&month=${other(month, 12)}`,
          `year=${year - 1}&month=${month}&day=${Math.min(day, 28)}`,
          `year=${year + 1}`,
          'year=9999&month=12&day=31',
          'year=2024&month=2&day=29',
        ]) {
          expect((await report(`transactions?${query}`)).body).toEqual({ sum: 0, count: 0 })
        }
      })

      it('are refused for what is no period', async () => {
        for (const query of [
          '',
          'year=',
          'year=26&month=1&day=1',
          'year=2026&day=5',
          'year=2026&month=13',
          'year=2026&month=0',
          'year=2026&month=2&day=29',
          'year=2026&month=4&day=31',
          'year=2026&month=1&day=1.5',
          'year=2026&month=-1',
          'year=2026&year=2027',
          'year=2026&week=5',
        ]) {
          const answer = await bank.get(`/api/reports/transactions?${query}`)
          expect(answer).toMatchObject({ status: 400, type: 'application/problem+json', body: { code: 'invalid-query' } })
        }
      })
    })

    describe('on inactive accounts', () => {
      const inactive = async (query = '') => (await report(`inactive-accounts${query}`)).body

      it('count those without a movement for so many days, 30 by default; an opening is a movement', async () => {
        expect(await inactive()).toEqual({ total: 0 })
        daysLater = 31
        expect(await inactive('?days=32')).toEqual({ total: 0 })
        expect(await inactive()).toEqual({ total: 3 })
        expect(await inactive('?days=31')).toEqual({ total: 3 })
        daysLater = 29
        expect(await inactive()).toEqual({ total: 0 })
      })

      it('are refused for what is no number of days', async () => {
        for (const query of ['days=', 'days=-1', 'days=1.5', 'days=x', 'days=36501', 'days=1&days=2', 'day=1']) {
          const answer = await bank.get(`/api/reports/inactive-accounts?${query}`)
          expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-query' } })
        }
      })
    })
  })
}
