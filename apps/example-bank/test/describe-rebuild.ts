import type { Health } from '@writ/application'
import { Projection } from '@writ/event-handler'
import { ACCOUNT_BALANCES } from '../src/account/account-balances.js'
import { ACCOUNT_ACTIVITY } from '../src/report/account-activity.js'
import { TRANSACTIONS } from '../src/report/transactions.js'
import { eventually } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'
import { SmtpInbox } from './smtp-inbox.js'
import type { Place } from './test-place.js'

export interface PlaceWithRows extends Place {
  /** All rows of a version of all projections, to compare. */
  rows(version: number): Promise<unknown>
  /** Forgets what is in the memory of the process that ends: in a database each version has tables of its own. */
  endProcess(): void
}

type ProjectionClass = new () => object

interface Options {
  readonly storage: string
  readonly create: () => Promise<PlaceWithRows>
  /** Of the balances, the transactions and the activity. */
  readonly projections: readonly [ProjectionClass, ProjectionClass, ProjectionClass]
}

/** A release that raises the projections' versions; in a test file of its own, for in its process they stay raised. */
export function describeRebuild({ storage, create, projections }: Options): void {
  describe(`a rebuild of the projections on ${storage}`, () => {
    const inbox = new SmtpInbox()
    let place: PlaceWithRows
    let bank: TestBank
    const start = async () => startTestBank({ storage: await place.openStorage(), smtpUrl: inbox.url })
    const caughtUp = (version: number) =>
      eventually(async () => {
        const { subscriptions, readModels } = (await bank.get('/health')).body as Health
        return readModels.every(({ live }) => live === version) && subscriptions.every(({ lag }) => lag === 0)
      }, `version ${version} of all projections without a lag`)

    beforeAll(async () => {
      await inbox.start()
      place = await create()
      bank = await start()
    })
    afterAll(async () => {
      await bank?.stop()
      await place?.close()
      await inbox.stop()
    })

    it('gives the same rows from the log, and mails nothing', async () => {
      const [one, two] = [await bank.customer(inbox), await bank.customer(inbox)]
      await bank.unverifiedCustomer()
      for (let amount = 1; amount <= 20; amount++) await bank.deposit(one, amount)
      await bank.withdraw(one, 500)
      for (const [to, amount] of [
        [two.account, 700],
        ['9999999999', 800],
        [two.account, 50_000_000],
      ] as const) {
        await bank.endOf((await bank.transfer(one, to, amount)).body.transfer, one)
      }
      await caughtUp(2)
      const [rows, mails] = [await place.rows(2), inbox.mails.length]
      expect(mails).toBe(3 + 3 + 1)
      await bank.stop()

      place.endProcess()
      const names = [ACCOUNT_BALANCES, TRANSACTIONS, ACCOUNT_ACTIVITY]
      projections.forEach((projection, index) => {
        Projection({ name: names[index] ?? '', version: 3, schema: 'bank', consistency: 'strong' })(projection)
      })
      bank = await start()
      await caughtUp(3)
      expect(await place.rows(3)).toEqual(rows)
      expect(inbox.mails).toHaveLength(mails)

      const withdrawn = await bank.withdraw(one, 100)
      await inbox.mailTo(one.email, '$1.00 withdrawn')
      expect(inbox.mails).toHaveLength(mails + 1)
      expect((await bank.account(one, String(withdrawn.body.position))).body.balance).toBe(withdrawn.body.balance)
    })
  })
}
