import type { Class } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import {
  AccountClosed,
  CompleteTransfer,
  MoneyDeposited,
  MoneyWithdrawn,
  PraiseCustomer,
  TransferRequested,
  WithdrawMoney,
} from '../../test/bank-messages.js'
import { bothSpellings } from '../../test/transfer-process.js'
import {
  End,
  end,
  On,
  ProcessManager,
  type ProcessManagerDefinition,
  processManager,
  processManagerOf,
  processSubscription,
  Rejected,
  rejected,
  Start,
  start,
} from '../index.js'

const requested = start(TransferRequested, () => {})
const ofClass = (processClass: Class<object>) => processManagerOf(processClass, () => new (processClass as new () => object)())

function refusal(define: () => unknown): { code: string; message: string } {
  try {
    define()
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('It was not refused.')
}

describe.each(bothSpellings)('a process manager as %s', (_, definition) => {
  it('says what it is', () => {
    const { reactions, rejections, ...described } = definition()
    expect(described).toMatchObject({ name: 'transfer', startFrom: 'origin', consistency: 'eventual' })
    expect(described.events.map(({ name }) => name).sort()).toEqual([
      'MoneyDeposited',
      'MoneyRefunded',
      'MoneyWithdrawn',
      'TransferRequested',
    ])
    expect([...reactions].map(([type, { role }]) => `${role} ${type}`).sort()).toEqual([
      'end money-deposited',
      'end money-refunded',
      'on money-withdrawn',
      'start transfer-requested',
    ])
    expect([...rejections.keys()]).toEqual(['withdraw-money', 'deposit-money'])
  })
})

describe('a process manager is refused before anything starts', () => {
  const cases: readonly (readonly [string, () => ProcessManagerDefinition, string])[] = [
    [
      'with a name that a journal can not have',
      () => processManager({ name: 'a b', correlate: 'transfer', reactions: [requested] }),
      "its 'name' must be",
    ],
    [
      'with an unknown option',
      () => processManager({ name: 'a', corelate: 'transfer', correlate: 'transfer', reactions: [requested] } as never),
      "it has no option 'corelate'; 'correlate' may be meant",
    ],
    [
      'with a start from nowhere',
      () => processManager({ name: 'a', correlate: 'transfer', startFrom: -1, reactions: [requested] }),
      "its 'startFrom' must be",
    ],
    [
      'with more at a time than there may be',
      () => processManager({ name: 'a', correlate: 'transfer', concurrency: 1_001, reactions: [requested] }),
      "its 'concurrency' must be",
    ],
    ['without correlation', () => processManager({ name: 'a', reactions: [requested] } as never), "its 'correlate' must be"],
    [
      'with an event that has no such field',
      () => processManager({ name: 'a', correlate: 'transfer', reactions: [requested, end(AccountClosed)] }),
      "it correlates by 'transfer', and the event 'account-closed' has no such field",
    ],
    ['without events', () => processManager({ name: 'a', correlate: 'transfer', reactions: [] }), 'it handles no event'],
    [
      'without a start',
      () => processManager({ name: 'a', correlate: 'transfer', reactions: [end(MoneyDeposited)] }),
      'no event begins it',
    ],
    [
      'with one event in two roles',
      () => processManager({ name: 'a', correlate: 'transfer', reactions: [requested, end(TransferRequested)] }),
      "it handles 'transfer-requested' twice, in start(TransferRequested) and in end(TransferRequested)",
    ],
    [
      'with two answers to one refusal',
      () =>
        processManager({
          name: 'a',
          correlate: 'transfer',
          reactions: [requested, rejected(WithdrawMoney, () => {}), rejected(WithdrawMoney, () => {})],
        }),
      "it handles the refusal of 'withdraw-money' twice",
    ],
    [
      'as a class without decorator',
      () => ofClass(class Bare {}),
      "class Bare can't be a process manager: it has no @ProcessManager",
    ],
    [
      'as a class whose event is undefined, as in a circular import',
      () => {
        class Circular {
          @Start(undefined as unknown as Class<TransferRequested>)
          requested(_event: TransferRequested) {}
        }
        return ofClass(Circular)
      },
      'the @Start of requested was given undefined, as in a circular import, instead of an event class',
    ],
    [
      'as a class with #private members, which no instance would have',
      () => {
        @ProcessManager({ name: 'a', correlate: 'transfer' })
        class Secretive {
          readonly #transfer = 't1'

          @Start(TransferRequested)
          requested(_event: TransferRequested) {
            return new CompleteTransfer({ transfer: this.#transfer })
          }
        }
        return ofClass(Secretive)
      },
      'Secretive has #private members',
    ],
    [
      'as a class with a Map for state',
      () => {
        @ProcessManager({ name: 'a', correlate: 'transfer' })
        class Mapping {
          seen = new Map<string, number>()

          @Start(TransferRequested)
          requested(_event: TransferRequested) {}
        }
        return ofClass(Mapping)
      },
      "its field 'seen' is a Map, which JSON can't keep",
    ],
  ]

  it.each(cases)('%s', (_, define, why) => {
    const { code, message } = refusal(define)
    expect(code).toBe('invalid-process-manager')
    expect(message).toContain(why)
  })

  it('with a first state that is not JSON', () => {
    const define = () => processManager({ name: 'a', correlate: 'transfer', initialState: new Date(), reactions: [] })
    expect(refusal(define).code).toBe('value-not-storable')
  })

  it('when it waits for the refusal of a command that nothing handles', () => {
    const definition = processManager({
      name: 'a',
      correlate: 'transfer',
      reactions: [requested, rejected(PraiseCustomer, () => {})],
    })
    const store = inMemoryEventStore({ log: new InMemoryLog() })
    const run = () =>
      processSubscription(definition, { store, commands: [CompleteTransfer], dispatch: async () => ({ position: 1 }) })
    expect(refusal(run)).toMatchObject({ code: 'unhandled-command', commandType: 'praise-customer' })
  })
})

it('is refused in the mode of standard decorators', () => {
  const context = { kind: 'method', name: 'requested' } as never
  for (const decorator of [Start(TransferRequested), On(TransferRequested), End(TransferRequested), Rejected(WithdrawMoney)]) {
    const decorate = decorator as unknown as (method: () => void, context: never) => void
    expect(refusal(() => decorate(() => {}, context)).code).toBe('wrong-decorator-mode')
  }
})

it('inherits what the class above it reacts to', () => {
  abstract class Base {
    @Start(TransferRequested)
    requested(_event: TransferRequested) {}

    @On(MoneyWithdrawn)
    withdrawn(_event: MoneyWithdrawn) {}
  }

  @ProcessManager({ name: 'derived', correlate: 'transfer' })
  class Derived extends Base {
    @Start(TransferRequested)
    override requested(_event: TransferRequested) {
      return new CompleteTransfer({ transfer: 't1' })
    }
  }
  expect([...ofClass(Derived).reactions.keys()]).toEqual(['transfer-requested', 'money-withdrawn'])
})
