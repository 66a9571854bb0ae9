import { setTimeout as later } from 'node:timers/promises'
import { DomainError } from '@writ/event-store'
import { DepositMoney, MoneyDeposited, OpenAccount, spellings } from '../../test/account.js'
import { type Bank, bankOf, given } from '../../test/bank.js'
import { type CommandExecution, type Decide, inSteps } from '../index.js'

describe.each(spellings)(
  'a handler that dispatches a command while it decides, of aggregates $spelling,',
  ({ account: definition }) => {
    let bank: Bank
    const accounts = ['ann', 'bob', 'cem']
    beforeEach(async () => {
      bank = await bankOf(definition)
      for (const account of accounts) await bank.execute(new OpenAccount({ account, owner: account }))
    })
    const deposit = (account: string, options: Partial<CommandExecution> = {}) =>
      bank.execute(new DepositMoney({ account, amount: 1 }), { timeout: 20_000, ...options })
    const by = (decide: Decide<unknown>): Partial<CommandExecution> => ({ decide })
    const balanceOf = async (account: string) => ((await bank.stateOf(account)).state as { balance: number }).balance
    const deposited = (account: string) => new MoneyDeposited({ account, amount: 10 })

    it.each([
      ['at once', async () => {}],
      ['later', () => later(1)],
    ])('%s, to its own aggregate, is told so at once, and nothing of that command is stored', async (_, pause) => {
      let told: unknown
      const decide = async () => {
        await pause()
        await deposit('ann').catch((error: unknown) => (told = error))
        return deposited('ann')
      }
      await deposit('ann', by(decide))
      expect(told).toMatchObject({
        code: 'command-deadlock',
        commandType: 'deposit-money',
        stream: 'account-ann',
        outer: 'account-ann',
      })
      expect(await balanceOf('ann')).toBe(10)
      expect(await deposit('ann')).toMatchObject({ version: 3 })
    })

    it('and does not catch what it is told, fails with it', async () => {
      const decide = () => deposit('ann').then(() => deposited('ann'))
      await expect(deposit('ann', by(decide))).rejects.toMatchObject({ code: 'command-deadlock' })
      expect(await balanceOf('ann')).toBe(0)
    })

    it('whatever id it gives: also its own', async () => {
      const decide = () => deposit('ann', given('id')).then(() => deposited('ann'))
      await expect(deposit('ann', { ...given('id'), ...by(decide) })).rejects.toMatchObject({ code: 'command-deadlock' })
    })

    it('to another aggregate, may wait for that', async () => {
      const decide = () => deposit('bob').then(() => deposited('ann'))
      await deposit('ann', by(decide))
      expect([await balanceOf('ann'), await balanceOf('bob')]).toEqual([10, 1])
    })

    it('and comes back to it through others, is told so where the circle would close', async () => {
      const back = by(() => deposit('ann').then(() => deposited('cem')))
      const on = by(() => deposit('cem', back).then(() => deposited('bob')))
      const first = by(() => deposit('bob', on).then(() => deposited('ann')))
      await expect(deposit('ann', first)).rejects.toMatchObject({
        code: 'command-deadlock',
        stream: 'account-ann',
        outer: 'account-cem',
      })
      expect(await Promise.all(accounts.map(balanceOf))).toEqual([0, 0, 0])
    })

    it('where two handlers dispatch to each other’s aggregates, one is told so, and the other goes on', async () => {
      let met = () => {}
      const bothAtWork = new Promise<void>((resolve) => (met = resolve))
      let atWork = 0
      const crossing = (own: string, other: string) =>
        by(async () => {
          if (++atWork === 2) met()
          await bothAtWork
          await deposit(other)
          return deposited(own)
        })
      const settled = await Promise.allSettled([deposit('ann', crossing('ann', 'bob')), deposit('bob', crossing('bob', 'ann'))])
      expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'command-deadlock' } })
    })

    it('in steps, is told so too', async () => {
      const decide: Decide<unknown> = (state) =>
        inSteps(state).step('first', () => deposit('ann').then(() => deposited('ann'))) as never
      await expect(deposit('ann', by(decide))).rejects.toMatchObject({ code: 'command-deadlock' })
    })

    it('with a boundary, is told so too', async () => {
      const boundary = { items: [{ types: ['money-deposited'] }] }
      const decide = () => deposit('ann').then(() => deposited('ann'))
      await expect(deposit('ann', { ...by(decide), boundary })).rejects.toMatchObject({ code: 'command-deadlock' })
    })

    it('and does not wait for it, may leave it behind: it is decided afterwards', async () => {
      const left: Promise<unknown>[] = []
      const decide = () => {
        left.push(deposit('ann'))
        return deposited('ann')
      }
      await deposit('ann', by(decide))
      await deposit('ann', by(decide))
      expect(await Promise.all(left)).toMatchObject([{ version: 3 }, { version: 5 }])
    })

    it('is watched for good once it has waited, also where it decides at once now and then', async () => {
      let waits = false
      const options = by(() =>
        waits
          ? later(1)
              .then(() => deposit('ann'))
              .then(() => deposited('ann'))
          : deposited('ann'),
      )
      for (let n = 0; n < 101; n++) await deposit('ann', options)
      waits = true
      // It waits for something else first, and nobody thought any more that it might: this one ends with its timeout.
      await expect(deposit('ann', { ...options, timeout: 50 })).rejects.toMatchObject({ code: 'command-timeout' })
      waits = false
      await deposit('ann', options)
      waits = true
      await expect(deposit('ann', options)).rejects.toMatchObject({ code: 'command-deadlock' })
    })

    it('is told so at once also where it has decided at once so far, as soon as its first wait is for that command', async () => {
      let dispatches = false
      const options = by(() => (dispatches ? deposit('ann').then(() => deposited('ann')) : deposited('ann')))
      for (let n = 0; n < 101; n++) await deposit('ann', options)
      dispatches = true
      await expect(deposit('ann', options)).rejects.toMatchObject({ code: 'command-deadlock' })
      dispatches = false
      expect(await deposit('ann', options)).toMatchObject({ version: 103 })
    })

    it('leaves it behind also where it has decided at once so far, and throws or not', async () => {
      const left: Promise<unknown>[] = []
      let dispatches = false
      const refused = new DomainError('no', 'No.')
      const options = by(() => {
        if (dispatches) left.push(deposit('ann'), deposit('bob'))
        if (dispatches && left.length > 2) throw refused
        return deposited('ann')
      })
      for (let n = 0; n < 101; n++) await deposit('ann', options)
      dispatches = true
      await deposit('ann', options)
      await expect(deposit('ann', options)).rejects.toBe(refused)
      await Promise.all(left)
      dispatches = false
      // Nobody is taken for one that is still at work.
      expect(await deposit('ann', options)).toMatchObject({ version: 106 })
      expect(await deposit('bob')).toMatchObject({ version: 4 })
    })

    it('when it was given up, waits for nobody any more', async () => {
      let late: Promise<unknown> | undefined
      let goOn = () => {}
      const stuck = new Promise<void>((resolve) => (goOn = resolve))
      const decide = async () => {
        await stuck
        late = deposit('ann')
        return late.then(() => deposited('ann'))
      }
      await expect(deposit('ann', { ...by(decide), timeout: 1 })).rejects.toMatchObject({ code: 'command-timeout' })
      goOn()
      await stuck
      await undefined
      expect(await late).toMatchObject({ version: 2 })
      expect(await balanceOf('ann')).toBe(1)
    })

    it('is none of those that wait for the aggregate beside it', async () => {
      let goOn = () => {}
      const stuck = new Promise<void>((resolve) => (goOn = resolve))
      const slow = deposit(
        'ann',
        by(() => stuck.then(() => deposited('ann'))),
      )
      const others = accounts.map((account) => deposit(account))
      goOn()
      await Promise.all([slow, ...others])
      expect(await Promise.all(accounts.map(balanceOf))).toEqual([11, 1, 1])
    })

    it('and learns of a refusal there, may refuse too', async () => {
      const refused = new DomainError('no', 'No.')
      const decide = () =>
        deposit(
          'bob',
          by(() => Promise.reject(refused)),
        ).then(() => deposited('ann'))
      await expect(deposit('ann', by(decide))).rejects.toBe(refused)
      expect(refused).toMatchObject({ code: 'no' })
    })
  },
)
