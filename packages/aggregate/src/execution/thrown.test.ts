import { DomainError } from '@writ/event-store'
import { DepositMoney, OpenAccount, spellings } from '../../test/account.js'
import { bankOf } from '../../test/bank.js'

const account = 'ann'
const open = new OpenAccount({ account, owner: 'Ann' })
const deposit = new DepositMoney({ account, amount: 5 })

const refuses = () => {
  throw new Error('Hands off.')
}
const untouchable = new Proxy({}, { get: refuses, has: refuses, getPrototypeOf: refuses })
const withoutMessage = Object.defineProperty(new DomainError('no', 'No.'), 'message', { get: refuses })
const withFacts = (facts: unknown) => Object.defineProperty(new DomainError('no', 'No.'), 'facts', { value: facts })
const circular: Record<string, unknown> = {}
circular.itself = circular

const kinds: [string, unknown][] = [
  ['a proxy that throws at each touch', untouchable],
  ['an error of a proxy', new Proxy(new Error('away'), { get: refuses, has: refuses, getPrototypeOf: refuses })],
  ['a proxy that says yes to whatever it is asked', new Proxy({}, { get: () => true })],
  ['an object whose text can not be told', { toString: refuses }],
  ['a refusal whose message can not be told', withoutMessage],
]

describe.each(spellings)('an aggregate that is $spelling', ({ account: definition }) => {
  describe.each(kinds)('whose handler throws %s', (_what, thrown) => {
    it.each([
      [
        'at once',
        () => {
          throw thrown
        },
      ],
      ['later', () => Promise.reject(thrown)],
    ])('fails that command alone, with what was thrown %s, and goes on with the others', async (_when, decide) => {
      const bank = await bankOf(definition)
      await bank.execute(open)
      const [before, failed, remembered, after] = await Promise.allSettled([
        bank.execute(deposit),
        bank.execute(deposit, { decide }),
        bank.execute(deposit, { decide, commandId: 'once', receipt: { fingerprint: 'f' } }),
        bank.execute(deposit),
      ])
      for (const { status } of [before, after]) expect(status).toBe('fulfilled')
      // No matcher may look at it.
      for (const one of [failed, remembered]) expect(one.status === 'rejected' && one.reason === thrown).toBe(true)
      expect(await bank.stateOf()).toMatchObject({ version: 3, state: { balance: 10 } })
      expect(bank.warnings).toEqual([])
    })
  })

  it.each([
    ['go in a circle', circular],
    ['are no JSON', { at: new Date(0) }],
  ])('fails a command alone whose refusal has facts that %s, where a receipt should keep them', async (_why, facts) => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const decide = () => {
      throw withFacts(facts)
    }
    const [before, failed, after] = await Promise.allSettled([
      bank.execute(deposit),
      bank.execute(deposit, { decide, commandId: 'once', receipt: { fingerprint: 'f' } }),
      bank.execute(deposit),
    ])
    for (const { status } of [before, after]) expect(status).toBe('fulfilled')
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'value-not-storable' } })
    expect(await bank.stateOf()).toMatchObject({ version: 3 })
  })
})
