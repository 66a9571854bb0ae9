import { InvalidAppendError, StoreOverloadedError, StoreUnavailableError } from '@writ/event-store'
import { BalanceTooLow, DepositMoney, MoneyDeposited, OpenAccount, spellings, WithdrawMoney } from '../../test/account.js'
import { type Bank, bankOf } from '../../test/bank.js'

const account = 'ann'
const open = new OpenAccount({ account, owner: 'Ann' })
const deposit = (amount: number) => new DepositMoney({ account, amount })
const withdraw = (amount: number) => new WithdrawMoney({ account, amount })
const unavailable = (mayBeCommitted: boolean) =>
  new StoreUnavailableError('controlled', 'append', mayBeCommitted, new Error('cut'))

/** Notes the order in which promises settle. */
function settling(): { order: string[]; watch<T>(name: string, promise: Promise<T>): Promise<T> } {
  const order: string[] = []
  return {
    order,
    watch(name, promise) {
      promise.then(
        () => order.push(name),
        () => order.push(`${name} (refused)`),
      )
      return promise
    },
  }
}

const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await undefined
}

describe.each(spellings)(
  'commands to an aggregate that is $spelling, while an append is under way',
  ({ account: definition }) => {
    async function openedBank(): Promise<Bank> {
      const bank = await bankOf(definition)
      await bank.execute(open)
      bank.store.hold()
      return bank
    }

    it('decide on what was decided and is not yet stored, and follow as one append', async () => {
      const bank = await openedBank()
      const replies = [deposit(5), withdraw(3), withdraw(2)].map((command) => bank.execute(command))
      const first = await bank.store.next()
      expect(first.append).toMatchObject({ expectedVersion: 1, events: [{ type: 'money-deposited' }] })
      await turns()
      expect(bank.store.heldCount).toBe(0)
      first.pass()
      const second = await bank.store.next()
      expect(second.append).toMatchObject({
        expectedVersion: 2,
        events: [{ type: 'money-withdrawn' }, { type: 'money-withdrawn' }],
      })
      second.pass()
      expect(await Promise.all(replies)).toMatchObject([{ version: 2 }, { version: 3 }, { version: 4 }])
    })

    it('are answered only when their own append is stored, refusals too', async () => {
      const bank = await openedBank()
      const { order, watch } = settling()
      const replies = [
        watch('deposit', bank.execute(deposit(5))),
        watch('too much', bank.execute(withdraw(6))),
        watch('withdrawal', bank.execute(withdraw(5))),
      ]
      await turns()
      expect(order).toEqual([])
      const first = await bank.store.next()
      first.pass()
      const second = await bank.store.next()
      await turns()
      expect(order).toEqual(['deposit'])
      second.pass()
      await Promise.allSettled(replies)
      expect(order).toEqual(['deposit', 'too much (refused)', 'withdrawal'])
    })

    it('decide again when another process was first: nothing that rests on refused events is accepted', async () => {
      const bank = await openedBank()
      const there = await bankOf(definition, { log: bank.log })
      // All of them look fine on the state that this process knows.
      const replies = [deposit(5), withdraw(5), deposit(1)].map((command) => bank.execute(command))
      const first = await bank.store.next()
      await there.execute(deposit(100))
      await there.execute(withdraw(100))
      first.pass()
      bank.store.release()
      expect(await Promise.all(replies)).toMatchObject([{ version: 4 }, { version: 5 }, { version: 6 }])
      expect(await bank.stateOf()).toMatchObject({ state: { balance: 1 } })
      const [, refused, again] = bank.store.appends
      expect([refused, again]).toMatchObject([{ expectedVersion: 1 }, { expectedVersion: 3, events: [{}, {}, {}] }])
      expect(refused!.events[0]!.id).not.toBe(again!.events[0]!.id)
    })

    it('are refused when another process was first with the money, although they looked fine', async () => {
      const bank = await bankOf(definition)
      await bank.execute(open)
      await bank.execute(deposit(10))
      const there = await bankOf(definition, { log: bank.log })
      bank.store.hold()
      const replies = [withdraw(8), withdraw(2), deposit(3), withdraw(3)].map((command) => bank.execute(command))
      const first = await bank.store.next()
      await there.execute(withdraw(9))
      first.pass()
      bank.store.release()
      const settled = await Promise.allSettled(replies)
      expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled'])
      expect((await bank.stateOf()).state).toMatchObject({ balance: 1 })
    })

    it('are accepted when another process paid in meanwhile, although they looked hopeless', async () => {
      const bank = await openedBank()
      const there = await bankOf(definition, { log: bank.log })
      const reply = bank.execute(withdraw(5))
      const first = await bank.store.next()
      expect(first.append.events).toEqual([])
      await there.execute(deposit(5))
      first.pass()
      bank.store.release()
      expect(await reply).toMatchObject({ version: 3 })
    })

    it('take over more events than a conflict carries by reading them', async () => {
      const bank = await openedBank()
      const there = await bankOf(definition, { log: bank.log })
      const reply = bank.execute(deposit(1))
      const first = await bank.store.next()
      await Promise.all(Array.from({ length: 150 }, () => there.execute(deposit(1))))
      first.pass()
      bank.store.release()
      expect(await reply).toMatchObject({ version: 152 })
      expect((await bank.stateOf()).state).toMatchObject({ balance: 151 })
    })

    it('give up after as many conflicts as they may have, and say so; nothing of them is stored', async () => {
      const bank = await openedBank()
      const there = await bankOf(definition, { log: bank.log })
      bank.store.release()
      bank.store.beforeAppend = async () => void (await there.execute(deposit(1)))
      await expect(bank.execute(deposit(1_000), { retries: 3 })).rejects.toMatchObject({
        code: 'too-many-conflicts',
        conflicts: 4,
        cause: { code: 'wrong-expected-version' },
      })
      bank.store.beforeAppend = () => {}
      expect((await bank.stateOf()).state).toMatchObject({ balance: 4 })
    })

    it('keep their order through a conflict', async () => {
      const bank = await openedBank()
      const there = await bankOf(definition, { log: bank.log })
      const amounts = Array.from({ length: 40 }, (_, index) => index)
      const { order, watch } = settling()
      const replies = amounts.map((amount) => watch(String(amount), bank.execute(deposit(amount))))
      const first = await bank.store.next()
      await there.execute(deposit(1_000))
      first.pass()
      const second = await bank.store.next()
      replies.push(watch('40', bank.execute(deposit(40))))
      second.pass()
      bank.store.release()
      await Promise.all(replies)
      expect(order).toEqual([...amounts, 40].map(String))
      const stored: number[] = []
      for await (const page of bank.store.readStream('account-ann', { fromVersion: 3 })) {
        stored.push(...page.map(({ data }) => (JSON.parse(data) as { amount: number }).amount))
      }
      expect(stored).toEqual([...amounts, 40])
    })

    it('let a failing append fail its own commands alone; what was decided on them decides again', async () => {
      const bank = await openedBank()
      const [paid, spent, refused] = [deposit(5), withdraw(5), deposit(1)].map((command) => bank.execute(command))
      const first = await bank.store.next()
      first.fail(new StoreOverloadedError(9, 9))
      bank.store.release()
      await expect(paid).rejects.toMatchObject({ code: 'overloaded' })
      await expect(spent).rejects.toMatchObject({ code: 'balance-too-low', facts: { balance: 0 } })
      expect(await refused).toMatchObject({ version: 2 })
    })

    it('let a refusal that rested on unstored events be decided again, when these come to nothing', async () => {
      const bank = await bankOf(definition)
      await bank.execute(open)
      await bank.execute(deposit(5))
      bank.store.hold()
      const spent = bank.execute(withdraw(5))
      const hopeless = bank.execute(withdraw(4))
      const first = await bank.store.next()
      first.fail(unavailable(false))
      bank.store.release()
      await expect(spent).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: false })
      expect(await hopeless).toMatchObject({ version: 3 })
    })

    it('let a failure that rested on unstored events be decided again, when these come to nothing', async () => {
      const bank = await openedBank()
      const paid = bank.execute(deposit(5))
      const picky = bank.execute(deposit(1), {
        decide(state) {
          if ((state as { balance: number }).balance > 0) throw new TypeError('rich')
          return new MoneyDeposited({ account, amount: 1 })
        },
      })
      const first = await bank.store.next()
      await turns()
      first.fail(unavailable(false))
      bank.store.release()
      await expect(paid).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(await picky).toMatchObject({ version: 2 })
    })

    it('load the stream again when it is unknown whether an append was stored', async () => {
      const bank = await openedBank()
      const replies = [deposit(5), withdraw(5)].map((command) => bank.execute(command))
      const first = await bank.store.next()
      const reads = bank.store.reads.length
      first.passAndFail(unavailable(true))
      bank.store.release()
      await expect(replies[0]).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: true })
      // It was stored, so the money is there.
      expect(await replies[1]).toMatchObject({ version: 3 })
      expect(bank.store.reads.length).toBe(reads + 1)
    })

    it('load the stream again after an error that Writ does not know', async () => {
      const bank = await openedBank()
      const replies = [deposit(5), deposit(7)].map((command) => bank.execute(command))
      ;(await bank.store.next()).passAndFail(new Error('who knows'))
      bank.store.release()
      await expect(replies[0]).rejects.toThrow('who knows')
      expect(await replies[1]).toMatchObject({ version: 3 })
      expect((await bank.stateOf()).state).toMatchObject({ balance: 12 })
    })

    it('do not suffer from one whose events the store refuses', async () => {
      const bank = await openedBank()
      bank.store.beforeAppend = ({ stream, events }) => {
        if (events.some(({ data }) => data.includes('"amount":666'))) throw new InvalidAppendError(stream, 'it is poisoned')
      }
      const amounts = [1, 2, 666, 3, 4]
      const replies = amounts.map((amount) => bank.execute(deposit(amount)))
      ;(await bank.store.next()).pass()
      const together = await bank.store.next()
      expect(together.append.events.length).toBe(4)
      together.fail(new InvalidAppendError('account-ann', 'it is poisoned'))
      bank.store.release()
      const settled = await Promise.allSettled(replies)
      expect(settled).toMatchObject([
        { value: { version: 2 } },
        { value: { version: 3 } },
        { reason: { code: 'invalid-append' } },
        { value: { version: 4 } },
        { value: { version: 5 } },
      ])
      expect((await bank.stateOf()).state).toMatchObject({ balance: 10 })
    })

    it('do not suffer from one whose handler fails', async () => {
      const bank = await openedBank()
      const poisoned = {
        decide() {
          throw new RangeError('poisoned')
        },
      }
      const replies = [
        bank.execute(deposit(1)),
        bank.execute(deposit(2)),
        bank.execute(deposit(3), poisoned),
        bank.execute(deposit(4)),
      ]
      bank.store.release()
      expect(await Promise.allSettled(replies)).toMatchObject([
        { value: { version: 2 } },
        { value: { version: 3 } },
        { reason: expect.any(RangeError) },
        { value: { version: 4 } },
      ])
    })

    it('give up no answer of a handler that was under way when its state was dropped: it decides again, after that', async () => {
      const bank = await openedBank()
      const there = await bankOf(definition, { log: bank.log })
      const paid = bank.execute(deposit(5))
      const first = await bank.store.next()
      const seen: number[] = []
      let running = 0
      let finish = () => {}
      const slow = bank.execute(withdraw(5), {
        async decide(state, command, handling) {
          const { balance } = state as { balance: number }
          seen.push(balance)
          expect(++running).toBe(1)
          if (seen.length === 1) await new Promise<void>((resolve) => (finish = resolve))
          running--
          if (balance < 5) throw new BalanceTooLow(balance, 5)
          return definition.decide.get('withdraw-money')!({ balance, status: 'open' }, command, handling)
        },
      })
      await there.execute(deposit(100))
      first.pass()
      await turns()
      bank.store.release()
      expect(seen).toEqual([5])
      finish()
      expect(await Promise.all([paid, slow])).toMatchObject([{ version: 3 }, { version: 4 }])
      expect(seen).toEqual([5, 105])
    })

    it('are held back when enough has been decided ahead', async () => {
      const bank = await openedBank()
      let decided = 0
      const replies = Array.from({ length: 1_000 }, () =>
        bank.execute(deposit(1), {
          decide() {
            decided++
            return new MoneyDeposited({ account, amount: 1 })
          },
        }),
      )
      const first = await bank.store.next()
      expect(decided).toBe(1 + 256)
      first.pass()
      expect((await bank.store.next()).append.events.length).toBe(256)
      expect(decided).toBe(1 + 256 + 256)
      void Promise.allSettled(replies)
    })

    it('put at most a thousand events into one append, and a decision of more by itself', async () => {
      const bank = await openedBank()
      const many = (count: number) => ({
        decide: () => Array.from({ length: count }, () => new MoneyDeposited({ account, amount: 1 })),
      })
      const replies = [1, 600, 600, 3_000, 1].map((count) => bank.execute(deposit(1), many(count)))
      bank.store.release()
      expect(await Promise.all(replies)).toMatchObject(
        [2, 602, 1_202, 4_202, 4_203].map((version) => ({ version, position: version })),
      )
      expect(bank.store.appends.slice(1).map(({ events }) => events.length)).toEqual([1, 600, 600, 3_000, 1])
    })

    it('are answered in fairness: none overtakes another of the same stream', async () => {
      const bank = await openedBank()
      const { order, watch } = settling()
      const replies = Array.from({ length: 700 }, (_, index) => watch(String(index), bank.execute(deposit(1))))
      bank.store.release()
      await Promise.all(replies)
      expect(order).toEqual(Array.from({ length: 700 }, (_, index) => String(index)))
    })

    it('give no unstored state away: neither to queries nor to snapshots', async () => {
      const bank = await openedBank()
      const replies = [deposit(5), deposit(6)].map((command) => bank.execute(command))
      const first = await bank.store.next()
      expect(await bank.stateOf()).toMatchObject({ version: 1, state: { balance: 0 } })
      first.pass()
      await replies[0]
      expect(await bank.stateOf()).toMatchObject({ version: 2, state: { balance: 5 } })
      bank.store.release()
      await replies[1]
    })
  },
)
