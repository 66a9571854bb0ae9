import { Command, Event } from '@writ/event-store'
import { z } from 'zod'
import { AccountOpened, accountValue, OpenAccount } from '../../test/account.js'
import { type AggregateOptions, aggregate } from '../index.js'

const options = {
  category: 'account',
  identity: 'account',
  commands: [OpenAccount],
  events: [AccountOpened],
  initialState: { isOpen: false },
  decide: { 'open-account': () => undefined },
  evolve: { 'account-opened': () => ({ isOpen: true }) },
}

/** Past the compiler, as JavaScript may do it. */
const made = (change: object) => () => aggregate({ ...options, ...change } as unknown as AggregateOptions<object, [], []>)

describe('an aggregate as a value', () => {
  it('is described by its category, its commands and its events', () => {
    expect(accountValue).toMatchObject({ name: 'account', category: 'account', identity: 'account', snapshots: undefined })
    expect([...accountValue.decide.keys()]).toEqual(['open-account', 'deposit-money', 'withdraw-money'])
    expect([...accountValue.evolve.keys()]).toEqual(['account-opened', 'money-deposited', 'money-withdrawn'])
  })

  it('keeps its states frozen, the first one too', () => {
    const first = accountValue.initialState()
    expect(Object.isFrozen(first)).toBe(true)
    const next = accountValue.evolve.get('account-opened')!(first, new AccountOpened({ account: 'ann', owner: 'Ann' }))
    expect(Object.isFrozen(next)).toBe(true)
    expect(accountValue.copy(next)).toBe(next)
  })

  class Closed extends Event('closed', z.object({})) {}
  class Close extends Command('close', z.object({ id: z.string() })) {}
  class AccountOpenedAgain extends Event('account-opened', z.object({})) {}
  const wrong: [string, object, RegExp][] = [
    ['without a category', { category: '' }, /its category '' must be some text/],
    [
      'with a dash in its category',
      { category: 'bank-account' },
      /'bank-account' has a dash, and a category ends at the first dash/,
    ],
    ["with a category of Writ's own", { category: '$account' }, /begins with '\$'/],
    ['with a line break in its category', { category: 'a\nb' }, /can't stand in a stream's name/],
    ['without an identity', { identity: '' }, /its identity must be the name of a command field/],
    ['whose command lacks the identity', { commands: [OpenAccount, Close] }, /Close has no field 'account'/],
    ['whose identity is misspelt', { identity: 'acount' }, /has no field 'acount'.* is 'account' the one/],
    ['with something else among its commands', { commands: [AccountOpened] }, /its commands must be classes made by Command/],
    ['with something else among its events', { events: [OpenAccount] }, /its events must be classes made by Event/],
    ['with two classes for one event type', { events: [AccountOpened, AccountOpenedAgain] }, /'account-opened' is named twice/],
    ['without a function for an event', { events: [AccountOpened, Closed] }, /'closed' has no function in 'evolve'/],
    ['without a function for a command', { decide: {} }, /'open-account' has no function in 'decide'/],
    [
      'with a function for nothing',
      { evolve: { ...options.evolve, 'account-opend': () => ({}) } },
      /'account-opend' has a function, but is none of its events; the nearest is 'account-opened'/,
    ],
    ['with a negative lifespan', { lifespan: -1 }, /lifespan must be milliseconds/],
    ['with a misspelt part of a lifespan', { lifespan: { afterEvents: () => 5 } }, /the nearest is 'afterEvent'/],
    ['with a part of a lifespan that is no function', { lifespan: { afterError: 5 } }, /'afterError' must be a function/],
    ['without a first state', { initialState: undefined }, /it has no 'initialState'/],
    ['with a snapshot every zero events', { snapshotEvery: 0 }, /snapshotEvery must be a positive integer/],
    ['with half a snapshot version', { snapshotEvery: 1, snapshotVersion: 1.5 }, /snapshotVersion must be a positive integer/],
  ]
  it.each(wrong)('%s is refused', (_, change, why) => {
    expect(made(change)).toThrow(expect.objectContaining({ code: 'invalid-aggregate', aggregate: expect.any(String) }))
    expect(made(change)).toThrow(why)
  })

  it('with an unknown option is refused, and the nearest name is given', () => {
    expect(made({ snapshotsEvery: 5 })).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'snapshotsEvery' }))
    expect(made({ snapshotsEvery: 5 })).toThrow(/the nearest is 'snapshotEvery'/)
  })
})
