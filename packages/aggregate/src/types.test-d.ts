// Mistakes that the compiler finds: each line that is expected to fail must fail.

import { Command, Event } from '@writ/event-store'
import { z } from 'zod'
import { Aggregate, type AggregateDefinition, Apply, aggregate, aggregateOf, decided, Handle, inSteps } from './index.js'

class Opened extends Event('opened', z.object({ account: z.string(), owner: z.string() })) {}
class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}
class Withdrawn extends Event('withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
class Open extends Command('open', z.object({ account: z.string(), owner: z.string() }), {
  result: z.object({ number: z.int() }),
}) {}
class Deposit extends Command('deposit', z.object({ account: z.string(), amount: z.int() })) {}
class Withdraw extends Command('withdraw', z.object({ account: z.string(), amount: z.int() })) {}
class Elsewhere extends Command('elsewhere', z.object({ place: z.string() })) {}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  balance = 0

  @Handle(Open)
  open({ account, owner }: Open) {
    return decided(new Opened({ account, owner }), { number: 1 })
  }

  @Handle(Deposit)
  async deposit({ account, amount }: Deposit) {
    return [new Deposited({ account, amount })]
  }

  @Handle(Withdraw)
  withdraw(_command: Withdraw) {}

  @Apply(Deposited)
  deposited({ amount }: Deposited) {
    this.balance += amount
  }

  // @ts-expect-error an event of equal shape is another event
  @Apply(Deposited)
  withdrawn(_event: Withdrawn) {}

  // @ts-expect-error an event of another shape
  @Apply(Opened)
  opened(_event: Deposited) {}

  // @ts-expect-error applying is synchronous
  @Apply(Withdrawn)
  async withdrawnLater(_event: Withdrawn) {}

  // @ts-expect-error a command of equal shape is another command
  @Handle(Deposit)
  wrongCommand(_command: Withdraw) {}

  // @ts-expect-error a command is no decision
  @Handle(Deposit)
  wrongAnswer(command: Deposit) {
    return command
  }

  // @ts-expect-error the declared result is missing
  @Handle(Open)
  withoutResult({ account, owner }: Open) {
    return new Opened({ account, owner })
  }

  // @ts-expect-error the declared result is another
  @Handle(Open)
  wrongResult({ account, owner }: Open) {
    return decided(new Opened({ account, owner }), { number: 'one' })
  }

  // @ts-expect-error this command declares no result
  @Handle(Deposit)
  undeclaredResult({ account, amount }: Deposit) {
    return decided(new Deposited({ account, amount }), 5)
  }

  // @ts-expect-error an event class is no command class
  @Handle(Deposited)
  handlesAnEvent(_event: Deposited) {}
}

// @ts-expect-error its command has no field 'account'
@Aggregate({ category: 'place', identity: 'account' })
export class Place {
  @Handle(Elsewhere)
  go(_command: Elsewhere) {}
}

export const definition: AggregateDefinition<Account> = aggregateOf(Account)

const shared = { category: 'account', commands: [Open, Deposit], events: [Opened, Deposited] } as const

export const fine = aggregate({
  ...shared,
  identity: 'account',
  initialState: { balance: 0, status: 'new', isOpen: false },
  decide: {
    open: (_state, { account, owner }) => decided(new Opened({ account, owner }), { number: 1 }),
    deposit: async ({ balance }, { account, amount }) => (balance + amount > 5 ? [] : new Deposited({ account, amount })),
  },
  evolve: {
    // A single literal stands for its whole type, and no `as const` is needed.
    opened: (state) => ({ ...state, status: 'open', isOpen: true }),
    deposited: (state, { amount }) => ({ ...state, balance: state.balance + amount }),
  },
})
export const fineState: { balance: number; status: string; isOpen: boolean } = fine.initialState()

interface State {
  readonly status: 'new' | 'open'
  readonly owner: string | undefined
}
const initialState: State = { status: 'new', owner: undefined }

export const typed: AggregateDefinition<State> = aggregate({
  ...shared,
  identity: 'account',
  initialState,
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  evolve: { opened: (state, { owner }) => ({ ...state, status: 'open', owner }), deposited: (state) => state },
})

aggregate({
  ...shared,
  identity: 'account',
  initialState,
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  evolve: {
    // @ts-expect-error no such status
    opened: (state) => ({ ...state, status: 'opened' }),
    // @ts-expect-error no promise of a state
    deposited: async (state) => state,
  },
})

aggregate({
  ...shared,
  identity: 'account',
  initialState,
  // @ts-expect-error 'deposit' is missing
  decide: { open: () => decided([], { number: 1 }) },
  // @ts-expect-error 'opened' is missing
  evolve: { deposited: (state: State) => state },
})

aggregate({
  ...shared,
  identity: 'account',
  initialState,
  decide: {
    // @ts-expect-error the declared result is another
    open: () => decided([], { number: 'one' }),
    // @ts-expect-error a plain object is no event
    deposit: (_state, { account, amount }) => ({ account, amount }),
  },
  evolve: {
    opened: (state) => state,
    deposited: (state) => state,
    // @ts-expect-error no such event
    withdrawn: (state: State) => state,
  },
})

aggregate({
  ...shared,
  // @ts-expect-error not every command has this field
  identity: 'owner',
  initialState,
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  evolve: { opened: (state) => state, deposited: (state) => state },
})

aggregate({
  ...shared,
  identity: 'account',
  initialState,
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  evolve: {
    opened: (state) => state,
    // @ts-expect-error deposits have no owner
    deposited: (state, { owner }) => ({ ...state, owner }),
  },
})

// A single value is a state as well, and stands for its whole type.
export const count: AggregateDefinition<number> = aggregate({
  ...shared,
  identity: 'account',
  initialState: 0,
  decide: { open: (state) => decided([], { number: state }), deposit: () => undefined },
  evolve: { opened: (state) => state + 1, deposited: (state, { amount }) => state + amount },
})
export const flag: AggregateDefinition<boolean> = aggregate({
  ...shared,
  identity: 'account',
  initialState: false,
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  evolve: { opened: () => true, deposited: (state) => !state },
})
export const text: AggregateDefinition<string> = aggregate({
  ...shared,
  identity: 'account',
  initialState: 'new',
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  evolve: { opened: () => 'open', deposited: (state) => state },
})
const firstStatus = 'new' as 'new' | 'open'
export const status: AggregateDefinition<'new' | 'open'> = aggregate({
  ...shared,
  identity: 'account',
  initialState: firstStatus,
  decide: { open: () => decided([], { number: 1 }), deposit: () => undefined },
  // @ts-expect-error no such status
  evolve: { opened: () => 'opened', deposited: (state) => state },
})

class Judge extends Command('judge', z.object({ account: z.string() }), {
  result: z.object({
    verdict: z.enum(['good', 'bad']),
    reasons: z.array(z.object({ kind: z.enum(['late', 'poor']), since: z.date() })),
    place: z.tuple([z.int(), z.int()]),
  }),
}) {}
const since = new Date(0)

@Aggregate({ category: 'judged', identity: 'account' })
export class Judged {
  // What is written as a constant fits a declared enumeration, without an `as const`; lists are no read-only ones.
  @Handle(Judge)
  judge(_command: Judge) {
    return decided([], { verdict: 'good', reasons: [{ kind: 'late', since }], place: [1, 2] })
  }

  @Handle(Judge)
  judgeWithoutReasons(_command: Judge) {
    return decided([], { verdict: 'bad', reasons: [], place: [1, 2] })
  }

  // @ts-expect-error no such verdict
  @Handle(Judge)
  misjudge(_command: Judge) {
    return decided([], { verdict: 'fair', reasons: [], place: [1, 2] })
  }

  // @ts-expect-error no such kind of reason
  @Handle(Judge)
  misreason(_command: Judge) {
    return decided([], { verdict: 'bad', reasons: [{ kind: 'loud', since }], place: [1, 2] })
  }
}

const steps = { account: 'a', amount: 1 }

export const inTurns = aggregate({
  ...shared,
  identity: 'account',
  initialState: { balance: 0 },
  decide: {
    open: (state, { account, owner }) =>
      inSteps(state)
        .step('opening', () => new Opened({ account, owner }))
        .each('gifts', [1, 2], ({ balance }, amount) => new Deposited({ account, amount: amount + balance }))
        .result(({ balance }, { opening, gifts }) => ({ number: balance + opening.length + gifts.length })),
    deposit: (state) => inSteps(state).step('only', async () => [new Deposited(steps)]),
  },
  evolve: { opened: (state) => state, deposited: (state, { amount }) => ({ balance: state.balance + amount }) },
})

aggregate({
  ...shared,
  identity: 'account',
  initialState: { balance: 0 },
  decide: {
    // @ts-expect-error the declared result is missing
    open: (state) => inSteps(state).step('opening', () => {}),
    // @ts-expect-error this command declares no result
    deposit: (state) => inSteps(state).result(() => 5),
  },
  evolve: { opened: (state) => state, deposited: (state) => state },
})

inSteps({ balance: 0 })
  .step('one', () => {})
  // @ts-expect-error there is a step of this name
  .step('one', () => {})
  // @ts-expect-error no such step before it
  .step('two', (_state, { three }) => three)
  // @ts-expect-error a command is no event
  .step('four', () => new Deposit(steps))
  // @ts-expect-error no such field
  .step('five', ({ owner }) => owner)
