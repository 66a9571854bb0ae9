import { eventually, times } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** The health and the stop of a running bank, for every storage that it runs on. */
export function describeOperation({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const bank = bankOfTests(create)

    it('tells how it is', async () => {
      const health = await eventually(async () => {
        const answer = await bank.get('/health')
        return answer.body.subscriptions.every(({ lag }: { lag: number }) => lag === 0) && answer
      }, 'a lag of 0')
      expect(health).toMatchObject({ status: 200, body: { status: 'up', store: { status: 'up' } } })
      expect(health.body.subscriptions).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'account-balances@2', checkpoint: expect.any(Number), lag: 0 }),
          expect.objectContaining({ name: 'account-mails', checkpoint: expect.any(Number), lag: 0 }),
        ]),
      )
    })

    it('finishes the requests under way when it stops', async () => {
      const customer = await bank.customer(bank.mailbox)
      const asked = times(20, (index) => bank.deposit(customer, 1, `stop-${index}`).catch(() => undefined))
      await bank.stop()
      const answers = (await asked).filter((answer) => answer !== undefined)
      expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true)
      await bank.start()
      const deposited = answers.filter(({ status }) => status === 200).length
      const { body } = await bank.deposit(customer, 1)
      expect(body.balance).toBeGreaterThanOrEqual(100_000 + deposited + 1)
    })
  })
}
