import type { Customer } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** Transfers over HTTP, for every storage that the bank runs on. */
export function describeTransfers({ storage, create }: TestStorage): void {
  describe(`a transfer, on ${storage}`, () => {
    const bank = bankOfTests(create)
    let one: Customer
    let two: Customer

    const balances = async (...customers: Customer[]) => {
      const states = await Promise.all(customers.map((customer) => bank.deposit(customer, 1)))
      return states.map(({ body }) => body.balance - 1)
    }
    beforeEach(async () => {
      one = await bank.customer(bank.mailbox)
      two = await bank.customer(bank.mailbox)
    })

    it('moves money from one account to another, and both owners may look at it', async () => {
      const asked = await bank.transfer(one, two.account, 30_000)
      expect(asked).toMatchObject({ status: 202, body: { transfer: expect.stringMatching(/^[0-9a-f-]{36}$/) } })
      expect(asked.headers.get('Writ-Position')).toMatch(/^[\w-]{32}$/)
      const { transfer } = asked.body
      const ended = await bank.endOf(transfer, one)
      expect(ended.body).toEqual({ transfer, from: one.account, to: two.account, amount: 30_000, status: 'completed' })
      expect((await bank.endOf(transfer, two)).body).toEqual(ended.body)
      expect(await balances(one, two)).toEqual([70_000, 130_000])
    })

    it('comes back where the other account is not there, or not verified', async () => {
      const unverified = await bank.unverifiedCustomer()
      for (const to of ['9999999999', unverified.account]) {
        const { transfer } = (await bank.transfer(one, to, 30_000)).body
        const { body } = await bank.endOf(transfer, one)
        expect(body).toEqual({
          transfer,
          from: one.account,
          to,
          amount: 30_000,
          status: 'refunded',
          reason: 'account-not-verified',
        })
      }
      expect(await balances(one)).toEqual([100_000])
    })

    it('is refused where there is too little money, or the account is not verified; nothing moves', async () => {
      const { transfer } = (await bank.transfer(one, two.account, 100_001)).body
      expect((await bank.endOf(transfer, one)).body).toMatchObject({ status: 'refused', reason: 'insufficient-funds' })
      expect(await balances(one, two)).toEqual([100_000, 100_000])
      const unverified = await bank.unverifiedCustomer()
      const early = (await bank.transfer(unverified, two.account, 1)).body.transfer
      expect((await bank.endOf(early, two)).body).toMatchObject({ status: 'refused', reason: 'account-not-verified' })
    })

    it("to oneself is a 422, and from another's account a 403; neither begins anything", async () => {
      expect(await bank.transfer(one, one.account, 100)).toMatchObject({ status: 422, body: { code: 'transfer-to-itself' } })
      const foreign = await bank.post('/api/transfers', { from: two.account, to: one.account, amount: 100 }, { token: one.token })
      expect(foreign).toMatchObject({ status: 403, body: { code: 'forbidden' } })
      expect(await balances(one, two)).toEqual([100_000, 100_000])
    })

    it('wants a token, and is shown to its two owners alone', async () => {
      const body = { from: one.account, to: two.account, amount: 100 }
      expect(await bank.post('/api/transfers', body)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
      const { transfer } = (await bank.transfer(one, two.account, 100)).body
      const stranger = await bank.unverifiedCustomer()
      expect(await bank.get(`/api/transfers/${transfer}`)).toMatchObject({ status: 401 })
      expect(await bank.get(`/api/transfers/${transfer}`, { token: stranger.token })).toMatchObject({ status: 403 })
      for (const unknown of [crypto.randomUUID(), 'nothing', '%00', 'a%2Fb']) {
        const answer = await bank.get(`/api/transfers/${unknown}`, { token: one.token })
        expect(answer).toMatchObject({ status: 404, type: 'application/problem+json', body: { code: 'not-found' } })
      }
    })

    it('is told where its request is wrong', async () => {
      const valid = { from: one.account, to: two.account, amount: 100 }
      for (const wrong of [{ amount: 0 }, { amount: 0.5 }, { amount: '5' }, { to: '12' }, { to: undefined }, { note: 'x' }]) {
        const answer = await bank.post('/api/transfers', { ...valid, ...wrong }, { token: one.token })
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-body' } })
      }
    })

    it('is one transfer under one key: at once, later, after a restart; refusals and other bodies as everywhere', async () => {
      const ask = () => bank.transfer(one, two.account, 700, 'rent')
      const answers = await Promise.all(Array.from({ length: 20 }, ask))
      const { transfer } = answers[0]?.body ?? {}
      await bank.endOf(transfer, one)
      await bank.restart()
      for (const answer of [...answers, await ask()]) expect(answer).toMatchObject({ status: 202, body: { transfer } })
      expect(await balances(one, two)).toEqual([99_300, 100_700])
      expect(await bank.transfer(one, two.account, 701, 'rent')).toMatchObject({ status: 422 })
      const oneself = () => bank.transfer(one, one.account, 100, 'myself')
      expect(await oneself()).toMatchObject({ status: 422, body: (await oneself()).body })
    })

    it('that is cut off can be asked about again by its key', async () => {
      // Cut at different moments: before it arrives, while it is stored, while it is answered.
      const delays = [0, 1, 2, 4, 8]
      for (const delay of delays) {
        const cut = new AbortController()
        const cutOff = bank.transfer(one, two.account, 900, `cut-${delay}`, cut.signal).catch(() => undefined)
        setTimeout(() => cut.abort(), delay)
        const first = await cutOff
        const again = await bank.transfer(one, two.account, 900, `cut-${delay}`)
        expect(again.status).toBe(202)
        if (first) expect(again.body).toEqual(first.body)
        expect((await bank.endOf(again.body.transfer, one)).body.status).toBe('completed')
        expect((await bank.transfer(one, two.account, 900, `cut-${delay}`)).body).toEqual(again.body)
      }
      expect(await balances(one, two)).toEqual([100_000 - 900 * delays.length, 100_000 + 900 * delays.length])
    })

    it('is mailed when it takes money out, and when it gives it back', async () => {
      const { transfer } = (await bank.transfer(one, '9999999999', 1_200)).body
      expect((await bank.mailbox.mailTo(one.email, '$12.00 withdrawn')).text).toContain(transfer)
      expect((await bank.mailbox.mailTo(one.email, '$12.00 refunded')).text).toContain(transfer)
    })

    it('neither makes nor loses money when many cross each other', async () => {
      const customers = [one, two, await bank.customer(bank.mailbox)]
      const at = (index: number) => customers[index % customers.length] as Customer
      const asked = await Promise.all(
        Array.from({ length: 60 }, (_, index) => bank.transfer(at(index), at(index + 1 + (index % 2)).account, 20_000 + index)),
      )
      const ended = await Promise.all(
        asked.map(({ body }, index) => bank.endOf(body.transfer, at(index)).then((answer) => answer.body)),
      )
      const left = new Map(customers.map(({ account }) => [account, 100_000]))
      const move = (account: string, amount: number) => left.set(account, (left.get(account) ?? 0) + amount)
      for (const { from, to, amount, status } of ended) {
        expect(['completed', 'refused']).toContain(status)
        if (status !== 'completed') continue
        move(from, -amount)
        move(to, amount)
      }
      expect(await balances(...customers)).toEqual([...left.values()])
    })
  })
}
