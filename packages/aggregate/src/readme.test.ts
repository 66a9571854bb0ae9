import { Command, DomainError, Event, EventTypes, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Aggregate, type AggregateDefinition, Aggregates, Apply, aggregate, aggregateOf, Handle } from './index.js'

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}
class WithdrawMoney extends Command('withdraw-money', z.object({ account: z.string(), amount: z.int() })) {}
class BalanceTooLow extends DomainError {
  constructor(balance: number) {
    super('balance-too-low', `The balance is ${balance}.`, { balance })
  }
}

// #region class
@Aggregate({ category: 'account', identity: 'account', snapshotEvery: 500 })
class Account {
  balance = 0

  @Handle(DepositMoney)
  deposit({ account, amount }: DepositMoney) {
    return new MoneyDeposited({ account, amount })
  }

  @Handle(WithdrawMoney)
  withdraw({ account, amount }: WithdrawMoney) {
    if (this.balance < amount) throw new BalanceTooLow(this.balance)
    return new MoneyWithdrawn({ account, amount })
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.balance -= amount
  }
}
// #endregion

// #region value
const account = aggregate({
  category: 'account',
  identity: 'account',
  commands: [DepositMoney, WithdrawMoney],
  events: [MoneyDeposited, MoneyWithdrawn],
  initialState: { balance: 0 },
  decide: {
    'deposit-money': (_state, { account, amount }) => new MoneyDeposited({ account, amount }),
    'withdraw-money': ({ balance }, { account, amount }) => {
      if (balance < amount) throw new BalanceTooLow(balance)
      return new MoneyWithdrawn({ account, amount })
    },
  },
  evolve: {
    'money-deposited': ({ balance }, { amount }) => ({ balance: balance + amount }),
    'money-withdrawn': ({ balance }, { amount }) => ({ balance: balance - amount }),
  },
})
// #endregion

const spellings: [string, AggregateDefinition<{ balance: number }>][] = [
  ['class', aggregateOf(Account)],
  ['value', account],
]

describe('the README of aggregates', () => {
  it.each(spellings)('executes commands of the %s', async (_, definition) => {
    const store = inMemoryEventStore()
    await store.start()
    const aggregates = new Aggregates({ store, events: new EventTypes([MoneyDeposited, MoneyWithdrawn]) })
    const execute = (command: DepositMoney | WithdrawMoney, type: string) =>
      aggregates.execute({
        aggregate: definition,
        stream: `account-${command.account}`,
        command,
        commandId: systemRuntime.uuid(),
        metadata: {},
        decide: definition.decide.get(type)!,
        retries: 10,
      })
    expect(await execute(new DepositMoney({ account: '42', amount: 5 }), 'deposit-money')).toMatchObject({ version: 1 })
    await expect(execute(new WithdrawMoney({ account: '42', amount: 6 }), 'withdraw-money')).rejects.toBeInstanceOf(BalanceTooLow)
    expect(await aggregates.stateOf(definition, '42')).toMatchObject({ state: { balance: 5 } })
  })
})
