import 'reflect-metadata'
import type { AnyCommand, AnyEvent } from '@writ/event-store'
import { given } from '@writ/testing'
import { DepositMoney, RefundMoney, VerifyAccount, WithdrawMoney } from './account.commands.js'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from './account.events.js'
import { Account } from './account.js'
import { GREATEST_BALANCE } from './money.js'

const account = '1234567890'
const code = '0123456789abcdef0123456789abcdef'
const opened = new AccountOpened({
  account,
  email: 'one@example.com',
  owner: 'Owner One',
  balance: 100_000,
  verificationCode: code,
})
const verified = new AccountVerified({ account })
const transfer = '01890000-0000-4000-8000-000000000001'

describe('an account', () => {
  const deposit = new DepositMoney({ account, amount: 500 })
  const withdraw = (amount: number) => new WithdrawMoney({ account, amount })
  const verify = new VerifyAccount({ account, code })

  it.each<[string, readonly AnyEvent[], AnyCommand, readonly AnyEvent[] | string]>([
    ['is verified by its code', [opened], verify, [verified]],
    ['is verified once', [opened, verified], verify, 'account-already-verified'],
    ['refuses another code', [opened], new VerifyAccount({ account, code: 'wrong' }), 'wrong-verification-code'],
    [
      'refuses another code when it is verified, too',
      [opened, verified],
      new VerifyAccount({ account, code: '' }),
      'wrong-verification-code',
    ],
    [
      'that is not there has no code, not even an empty one',
      [],
      new VerifyAccount({ account, code: '' }),
      'wrong-verification-code',
    ],
    ['takes a deposit', [opened, verified], deposit, [new MoneyDeposited({ account, amount: 500 })]],
    ['takes none before it is verified', [opened], deposit, 'account-not-verified'],
    ['takes none before it is there', [], deposit, 'account-not-verified'],
    ['gives out what it holds', [opened, verified], withdraw(100_000), [new MoneyWithdrawn({ account, amount: 100_000 })]],
    ['gives out no more than it holds', [opened, verified], withdraw(100_001), 'insufficient-funds'],
    [
      'counts what was given out',
      [opened, verified, new MoneyWithdrawn({ account, amount: 99_600 })],
      withdraw(500),
      'insufficient-funds',
    ],
    ['gives out nothing before it is verified', [opened], withdraw(1), 'account-not-verified'],
  ])('%s', async (_, history, command, expected) => {
    const then = given(Account, history).when(command)
    await (typeof expected === 'string' ? then.thenRefused(expected) : then.thenEvents(expected))
  })

  it('tells its new balance', async () => {
    await given(Account, [opened, verified]).when(deposit).thenResult({ balance: 100_500 }).thenState({ balance: 100_500 })
    await given(Account, [opened, verified]).when(withdraw(500)).thenResult({ balance: 99_500 })
  })

  it('holds no more than where integers are exact', async () => {
    const full = new AccountOpened({ ...opened, balance: GREATEST_BALANCE - 499 })
    await given(Account, [full, verified]).when(deposit).thenRefused('balance-too-great')
  })

  it('tells which transfer its movements belong to', async () => {
    const movement = { account, amount: 500, transfer }
    await given(Account, [opened, verified])
      .when(new DepositMoney(movement))
      .thenEvents([new MoneyDeposited(movement)])
    await given(Account, [opened, verified])
      .when(new WithdrawMoney(movement))
      .thenEvents([new MoneyWithdrawn(movement)])
  })

  it('takes a refund although it is full by now, and goes on from there', async () => {
    const refund = { account, amount: 500, transfer }
    const full = new AccountOpened({ ...opened, balance: GREATEST_BALANCE })
    await given(Account, [full, verified])
      .when(new RefundMoney(refund))
      .thenEvents([new MoneyRefunded(refund)])
      .thenState({ balance: GREATEST_BALANCE + 500 })
    await given(Account, [full, verified, new MoneyRefunded(refund)])
      .when(withdraw(1))
      .thenResult({ balance: GREATEST_BALANCE + 499 })
  })
})
