import { route } from '@writ/command-router'
import { upcaster } from '@writ/event-store'
import {
  Account,
  AccountNotOpen,
  AccountOpened,
  AuditAccount,
  AuditorAsleep,
  DepositMoney,
  EmailChecks,
  EmailTaken,
  InsufficientFunds,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  OpenAccountHandler,
  till,
  WithdrawMoney,
} from '../../test/bank.js'
import { failureOf } from '../../test/failure-of.js'
import { given } from '../index.js'

const opened = new AccountOpened({ account: '42', email: 'ann@example.com' })
const deposited = (amount: number) => new MoneyDeposited({ account: '42', amount })
const deposit = (amount: number) => new DepositMoney({ account: '42', amount })
const withdraw = (amount: number) => new WithdrawMoney({ account: '42', amount })
const audit = new AuditAccount({ account: '42' })

describe('given, when, then', () => {
  // #region aggregate
  it('pays in', async () => {
    await given(Account, [opened])
      .when(new DepositMoney({ account: '42', amount: 500 }))
      .thenEvents([new MoneyDeposited({ account: '42', amount: 500 })])
      .thenResult({ balance: 500 })
      .thenState({ balance: 500 })
  })

  it('pays nothing into an account that is not open', async () => {
    await given(Account)
      .when(new DepositMoney({ account: '42', amount: 500 }))
      .thenRefused('account-not-open')
  })
  // #endregion aggregate

  // #region handler
  it('opens one account for each e-mail address', async () => {
    await given(Account)
      .andIn('account-7', [new AccountOpened({ account: '7', email: 'ann@example.com' })])
      .handledBy(new OpenAccountHandler(new EmailChecks()))
      .when(new OpenAccount({ account: '42', email: 'ann@example.com' }))
      .thenRefused('email-taken')
  })
  // #endregion handler

  // #region old-events
  it('reads what earlier years have stored', async () => {
    const upcasters = [
      upcaster({
        from: { type: 'money-paid-in', schemaVersion: 1 },
        to: MoneyDeposited,
        upcast: ({ account, euros }: { account: string; euros: number }) => ({ account, amount: euros * 100 }),
      }),
    ]
    await given(Account, [opened, { type: 'money-paid-in', schemaVersion: 1, data: { account: '42', euros: 5 } }], { upcasters })
      .when(new WithdrawMoney({ account: '42', amount: 501 }))
      .thenRefused(new InsufficientFunds(500))
  })
  // #endregion old-events

  it('knows what has happened', async () => {
    await given(Account, [opened, deposited(500), new MoneyWithdrawn({ account: '42', amount: 200 })])
      .when(deposit(1))
      .thenResult({ balance: 301 })
  })

  it('takes aggregates without decorators', async () => {
    await given(till, [deposited(1)])
      .when(deposit(2))
      .thenEvents([deposited(2)])
      .thenState({ cents: 3 })
  })

  it('takes handler classes with the services that the test gives them, and routes', async () => {
    const open = new OpenAccount({ account: '42', email: 'nowhere' })
    await given(Account).handledBy(new OpenAccountHandler(new EmailChecks())).when(open).thenRefused(EmailTaken)
    const trusting = new OpenAccountHandler({ isTrue: async () => true })
    await given(Account).handledBy(trusting).when(open).thenEvents([AccountOpened])
    await given(Account, [opened]).handledBy(trusting).when(open).thenNothing()
    const toTill = route(WithdrawMoney, { aggregate: till, handle: () => [deposited(1), deposited(2)] })
    await given(till)
      .handledBy(toTill)
      .when(withdraw(1))
      .thenEvents([deposited(1), MoneyDeposited])
  })

  it('shows states to a function, also after a refusal', async () => {
    const seen: number[] = []
    await given(Account, [opened, deposited(5)])
      .when(withdraw(9))
      .thenRefused(new InsufficientFunds(5))
      .thenState(({ balance }) => void seen.push(balance))
    expect(seen).toEqual([5])
  })

  it('tells failures from refusals', async () => {
    await given(Account, [opened]).when(audit).thenFailed('auditor-asleep')
    await given(Account, [opened]).when(audit).thenFailed(AuditorAsleep)
    await given(Account, [opened]).when(audit).thenFailed(new AuditorAsleep())
  })

  it('runs the command once, however much is expected of it', async () => {
    let asked = 0
    const handler = new OpenAccountHandler({ isTrue: async () => ++asked > 0 })
    const then = given(Account)
      .handledBy(handler)
      .when(new OpenAccount({ account: '42', email: 'ann@example.com' }))
    await then.thenEvents([AccountOpened])
    await then.thenState({ status: 'open' }).thenEvents([AccountOpened])
    expect(asked).toBe(1)
  })

  it('takes the matchers of the runner', async () => {
    await given(Account, [opened])
      .when(deposit(5))
      .thenResult({ balance: expect.any(Number) })
  })

  it('is not awaited by mistake before anything is expected', () => {
    expect(given(Account, [opened]).when(deposit(5))).not.toHaveProperty('then')
  })
})

describe('the message of an expectation that is not met', () => {
  const paying = () => given(Account, [opened]).when(deposit(500))

  it('shows the events that differ', async () => {
    const failure = await failureOf(paying().thenEvents([deposited(400)]))
    expect(failure).toMatchObject({ name: 'ExpectationFailedError', code: 'expectation-failed' })
    expect(failure.message).toMatchInlineSnapshot(`
"DepositMoney: Other events happened:

- Expected
+ Received

  Array [
    MoneyDeposited {
      "account": "42",
-     "amount": 400,
+     "amount": 500,
    },
  ]"
`)
  })

  it('shows which events are missing, and which are too many', async () => {
    expect((await failureOf(paying().thenEvents([deposited(500), MoneyWithdrawn]))).message).toMatchInlineSnapshot(`
"DepositMoney: Other events happened:

- Expected
+ Received

  Array [
    MoneyDeposited {
      "account": "42",
      "amount": 500,
    },
-   [Function MoneyWithdrawn],
  ]"
`)
    expect((await failureOf(paying().thenEvents([]))).message).toContain('+   MoneyDeposited {')
  })

  it('does not take an event of another class with the same data', async () => {
    const alike = new MoneyWithdrawn({ account: '42', amount: 500 })
    expect((await failureOf(paying().thenEvents([alike]))).message).toMatch(/-\s+MoneyWithdrawn \{\n\+\s+MoneyDeposited \{/)
  })

  it('says why there are no events', async () => {
    const refused = await failureOf(
      given(Account)
        .when(deposit(500))
        .thenEvents([deposited(500)]),
    )
    expect(refused.message).toMatchInlineSnapshot(
      `"DepositMoney: The events [ MoneyDeposited { account: '42', amount: 500 } ] were expected. It was refused: AccountNotOpen 'account-not-open': The account 42 is not open. { account: '42' }"`,
    )
    const failed = await failureOf(given(Account, [opened]).when(audit).thenEvents([]))
    expect(failed.message).toContain("It failed: AuditorAsleep 'auditor-asleep': The auditor is asleep.")
    expect(failed.cause).toBeInstanceOf(AuditorAsleep)
  })

  it('shows what happened where nothing was to happen', async () => {
    expect((await failureOf(paying().thenNothing())).message).toMatchInlineSnapshot(
      `"DepositMoney: Nothing was to happen. It was accepted: [ MoneyDeposited { account: '42', amount: 500 } ]"`,
    )
  })

  it('shows results that differ', async () => {
    expect((await failureOf(paying().thenResult({ balance: 501 }))).message).toMatchInlineSnapshot(`
"DepositMoney: The result is another one:

- Expected
+ Received

  Object {
-   "balance": 501,
+   "balance": 500,
  }"
`)
    const refused = await failureOf(given(Account).when(deposit(500)).thenResult({ balance: 500 }))
    expect(refused.message).toContain(
      "The result { balance: 500 } was expected. It was refused: AccountNotOpen 'account-not-open'",
    )
  })

  it('shows states that differ, in the fields that were named', async () => {
    expect((await failureOf(paying().thenState({ balance: 1 }))).message).toMatchInlineSnapshot(`
"DepositMoney: The state is another one:

- Expected
+ Received

  Object {
-   "balance": 1,
+   "balance": 500,
  }"
`)
    const thrown = new Error('not this')
    const failure = failureOf(
      paying().thenState(() => {
        throw thrown
      }),
    )
    expect(await failure).toBe(thrown)
    expect((await failureOf(given(Account).when(audit).thenState({}))).message).toContain('A state was expected. It failed:')
  })

  it('says that it was not refused, or why it was', async () => {
    expect((await failureOf(paying().thenRefused('account-not-open'))).message).toMatchInlineSnapshot(
      `"DepositMoney: It was to be refused ('account-not-open'). It was accepted: [ MoneyDeposited { account: '42', amount: 500 } ]"`,
    )
    const refused = () => given(Account).when(deposit(500))
    expect((await failureOf(refused().thenRefused('insufficient-funds'))).message).toMatchInlineSnapshot(`
"DepositMoney: It was refused for another reason:

- Expected
+ Received

- 'insufficient-funds'
+ AccountNotOpen 'account-not-open': The account 42 is not open. { account: '42' }"
`)
    expect((await failureOf(refused().thenRefused(InsufficientFunds))).message).toContain('- InsufficientFunds\n+ AccountNotOpen')
    expect((await failureOf(refused().thenRefused(new AccountNotOpen('43')))).message).toMatchInlineSnapshot(`
"DepositMoney: It was refused for another reason:

- Expected
+ Received

  Object {
    "code": "account-not-open",
    "facts": Object {
-     "account": "43",
+     "account": "42",
    },
-   "message": "The account 43 is not open.",
+   "message": "The account 42 is not open.",
    "name": "AccountNotOpen",
  }"
`)
  })

  it('says that it did not fail, or why it did', async () => {
    expect((await failureOf(paying().thenFailed('x'))).message).toContain("It was to fail ('x'). It was accepted: [")
    expect((await failureOf(given(Account).when(audit).thenFailed('x'))).message).toContain(
      "- 'x'\n+ AuditorAsleep 'auditor-asleep'",
    )
  })

  it('points to the line of the test', async () => {
    const failure = await failureOf(paying().thenNothing())
    expect(failure.stack?.split('\n').find((line) => /^\s+at /.test(line))).toContain('given.test.ts')
  })

  it('tells of given events that the aggregate does not have', async () => {
    const failure = await failureOf(given(till, [opened]).when(deposit(1)).thenEvents([]))
    expect(failure.message).toContain("'account-opened'")
  })
})
