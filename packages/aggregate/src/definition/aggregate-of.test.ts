import { Command, Event } from '@writ/event-store'
import { z } from 'zod'
import { Account, AccountOpened, DepositMoney, MoneyDeposited, OpenAccount } from '../../test/account.js'
import { Aggregate, Apply, aggregateOf, Handle } from '../index.js'

class Noted extends Event('noted', z.object({ id: z.string() })) {}
class Note extends Command('note', z.object({ id: z.string() })) {}
const here = { category: 'note', identity: 'id' } as const

describe('a decorated class', () => {
  it('comes down to the same aggregate as a value, each time the same one', () => {
    const definition = aggregateOf(Account)
    expect(definition).toMatchObject({ name: 'Account', category: 'account', identity: 'account' })
    expect(definition.commands.map(({ type }) => type)).toEqual(['open-account', 'deposit-money', 'withdraw-money'])
    expect(definition.events.map(({ type }) => type)).toEqual(['account-opened', 'money-deposited', 'money-withdrawn'])
    expect(definition.initialState()).toEqual(new Account())
    expect(aggregateOf(Account)).toBe(definition)
  })

  it('has handlers with names that errors can give', () => {
    expect(aggregateOf(Account).decide.get('deposit-money')!.name).toBe('Account.deposit')
  })

  it('inherits what the classes that it extends have written down, and may override methods', () => {
    class Base {
      notes = 0

      @Handle(Note)
      note({ id }: Note) {
        return new Noted({ id })
      }

      @Apply(Noted)
      noted(_event: Noted) {
        this.notes++
      }
    }
    @Aggregate(here)
    class Loud extends Base {
      @Apply(Noted)
      override noted(event: Noted) {
        super.noted(event)
        super.noted(event)
      }
    }
    const definition = aggregateOf(Loud)
    const state = definition.evolve.get('noted')!(definition.initialState(), new Noted({ id: 'a' }))
    expect(state.notes).toBe(2)
    expect([...definition.decide.keys()]).toEqual(['note'])
    expect(() => aggregateOf(Base)).toThrow(/Base can't be used: it has no @Aggregate/)
  })

  it('takes snapshots of its own fields when it is asked to', () => {
    @Aggregate({ ...here, snapshotEvery: 100, snapshotVersion: 3 })
    class Snapped {
      count = 0
      note: string | undefined = undefined
    }
    const { snapshots } = aggregateOf(Snapped)
    expect(snapshots).toMatchObject({ every: 100, version: 3 })
    const state = Object.assign(new Snapped(), { count: 5 })
    expect(snapshots!.toJson(state)).toEqual({ count: 5 })
    const restored = snapshots!.fromJson({ count: 5 })
    expect(restored).toBeInstanceOf(Snapped)
    expect(restored).toEqual(state)
    // A field that is newer than the snapshot: the snapshot is of no use.
    expect(snapshots!.fromJson({ note: 'x' })).toBeUndefined()
    expect(snapshots!.fromJson([])).toBeUndefined()
  })

  describe('is refused', () => {
    it('with an unknown option', () => {
      @Aggregate({ ...here, snapshotsEvery: 5 } as typeof here)
      class Misspelt {}
      expect(() => aggregateOf(Misspelt)).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'snapshotsEvery' }))
    })

    it('without @Aggregate, or when it is no class', () => {
      expect(() => aggregateOf(class Plain {})).toThrow(/The aggregate Plain can't be used: it has no @Aggregate/)
      expect(() => aggregateOf(undefined as never)).toThrow(expect.objectContaining({ code: 'invalid-aggregate' }))
      expect(() => aggregateOf({} as never)).toThrow(expect.objectContaining({ code: 'invalid-aggregate' }))
    })

    it('with two handlers for one command; both are named', () => {
      @Aggregate(here)
      class Twice {
        @Handle(Note)
        first(_command: Note) {}
        @Handle(Note)
        second(_command: Note) {}
      }
      expect(() => aggregateOf(Twice)).toThrow(/'note' is handled twice, by first and second/)
    })

    it('with two methods for one event; both are named', () => {
      @Aggregate(here)
      class Twice {
        @Apply(Noted)
        first(_event: Noted) {}
        @Apply(Noted)
        second(_event: Noted) {}
      }
      expect(() => aggregateOf(Twice)).toThrow(/'noted' is applied twice, by first and second/)
    })

    it('when a command lacks the identity field', () => {
      class Wrong {
        @Handle(OpenAccount)
        open(_command: OpenAccount) {
          return undefined as never
        }
      }
      // The compiler refuses this one; JavaScript does not.
      ;(Aggregate({ category: 'wrong', identity: 'acount' }) as (target: object) => void)(Wrong)
      expect(() => aggregateOf(Wrong)).toThrow(/OpenAccount has no field 'acount'.*is 'account' the one/)
    })

    it('when a decorator got no message class, perhaps because two files import each other', () => {
      class Wrong {
        @Handle(undefined as never)
        note() {}
      }
      Aggregate(here)(Wrong as never)
      expect(() => aggregateOf(Wrong)).toThrow(/@Handle on note names no command class/)
      class Wronger {
        noted() {}
      }
      Apply(undefined as never)(Wronger.prototype, 'noted', {})
      Aggregate(here)(Wronger)
      expect(() => aggregateOf(Wronger)).toThrow(/@Apply on noted names no event class/)
    })

    it('when a method applies asynchronously', () => {
      class Wrong {
        async noted() {}
      }
      ;(Apply(Noted) as (target: object, key: string, descriptor: object) => void)(Wrong.prototype, 'noted', {})
      Aggregate(here)(Wrong)
      expect(() => aggregateOf(Wrong)).toThrow(
        expect.objectContaining({ code: 'async-apply', aggregate: 'Wrong', eventType: 'noted' }),
      )
    })

    it('when a method answers with a promise after all', () => {
      class Wrong {
        noted() {
          return Promise.resolve()
        }
      }
      ;(Apply(Noted) as (target: object, key: string, descriptor: object) => void)(Wrong.prototype, 'noted', {})
      Aggregate(here)(Wrong)
      const { evolve, initialState } = aggregateOf(Wrong)
      expect(evolve.get('noted')!(initialState(), new Noted({ id: 'a' }))).toBeInstanceOf(Promise)
    })

    it('with #private members, which copies can not take along', () => {
      @Aggregate(here)
      class Secretive {
        #notes = 0
        count() {
          return ++this.#notes
        }
      }
      expect(() => aggregateOf(Secretive)).toThrow(/Secretive has #private members/)
      class Child extends Secretive {}
      Aggregate(here)(Child)
      expect(() => aggregateOf(Child)).toThrow(/Secretive has #private members/)
    })

    it('with a constructor that wants arguments', () => {
      class Demanding {
        readonly length: number
        constructor(text: string) {
          this.length = text.length
        }
      }
      Aggregate(here)(Demanding)
      expect(() => aggregateOf(Demanding)).toThrow(/its state begins with 'new Demanding\(\)', and that throws: Cannot read/)
    })
  })

  it('is refused by each decorator when it was compiled for the TC39 proposal', () => {
    const contexts: [string, (context: object) => unknown][] = [
      [
        'Aggregate',
        (context) => (Aggregate(here) as (target: object, context: object) => void)(class {}, { ...context, kind: 'class' }),
      ],
      [
        'Handle',
        (context) =>
          (Handle(Note) as unknown as (target: object, context: object) => void)(() => {}, { ...context, kind: 'method' }),
      ],
      [
        'Apply',
        (context) =>
          (Apply(Noted) as unknown as (target: object, context: object) => void)(() => {}, { ...context, kind: 'method' }),
      ],
    ]
    for (const [decorator, decorate] of contexts) {
      expect(() => decorate({ name: 'x' })).toThrow(expect.objectContaining({ code: 'wrong-decorator-mode', decorator }))
    }
  })

  it('only writes values down: what is decorated stays as it was', () => {
    const account = new Account()
    expect(account.deposit.call({ status: 'open' } as Account, new DepositMoney({ account: 'ann', amount: 5 }))).toEqual(
      new MoneyDeposited({ account: 'ann', amount: 5 }),
    )
    account.opened(new AccountOpened({ account: 'ann', owner: 'Ann' }))
    expect(account.status).toBe('open')
  })
})
