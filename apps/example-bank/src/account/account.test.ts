import 'reflect-metadata'
import { aggregateOf } from '@writ/aggregate'
import { type AnyCommand, type AnyEvent, commandClassOf, DomainError, eventClassOf } from '@writ/event-store'
import { DepositMoney, VerifyAccount, WithdrawMoney } from './account.commands.js'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyWithdrawn } from './account.events.js'
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

const definition = aggregateOf(Account)

/** What an account with this history decides on a command: its events, or the code of its refusal. */
async function decide(given: readonly AnyEvent[], command: AnyCommand): Promise<readonly AnyEvent[] | string> {
  const evolve = (state: Account, event: AnyEvent) => definition.evolve.get(eventClassOf(event).type)?.(state, event) ?? state
  const state = given.reduce(evolve, definition.initialState())
  try {
    const decision = await definition.decide.get(commandClassOf(command).type)?.(state, command, { boundary: [] })
    const events = decision !== null && typeof decision === 'object' && 'events' in decision ? decision.events : decision
    return ([] as AnyEvent[]).concat((events ?? []) as AnyEvent[])
  } catch (error) {
    if (DomainError.is(error)) return error.code
    throw error
  }
}

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
  ])('%s', async (_, given, command, expected) => {
    expect(await decide(given, command)).toEqual(expected)
  })

  it('holds no more than where integers are exact', async () => {
    const full = new AccountOpened({ ...opened, balance: GREATEST_BALANCE - 499 })
    expect(await decide([full, verified], deposit)).toBe('balance-too-great')
  })
})
