import { z } from 'zod'
import { isoDate } from '../../test/codecs.js'
import { thrown } from '../../test/thrown.js'
import { Command, commandClassOf, type InvalidMessageError, isCommand, isCommandClass, isEvent } from '../index.js'

class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int().positive() })) {}
class OpenAccount extends Command('open-account', z.object({ owner: z.string() }), {
  result: z.object({ account: z.string() }),
}) {}

describe('A command', () => {
  it('is an instance of its class that holds its data, frozen', () => {
    const command = new DepositMoney({ account: '42', amount: 500 })
    expect({ ...command }).toEqual({ account: '42', amount: 500 })
    expect(Object.isFrozen(command)).toBe(true)
    expect(commandClassOf(command)).toBe(DepositMoney)
  })

  it('is told from copies, events and other values', () => {
    const command = new DepositMoney({ account: '42', amount: 500 })
    expect([isCommand(command), isCommandClass(DepositMoney), isEvent(command)]).toEqual([true, true, false])
    for (const other of [{ ...command }, null, 'command', Object.create(null)]) expect(isCommand(other)).toBe(false)
  })

  it('is refused with code and path when its data does not fit', () => {
    const error = thrown<InvalidMessageError>('invalid-command', () => new DepositMoney({ account: '42', amount: 0 }))
    expect(error).toMatchObject({ kind: 'command', type: 'deposit-money', issues: [{ path: 'amount' }] })
  })

  it('is refused for unknown keys', () => {
    const error = thrown<InvalidMessageError>(
      'invalid-command',
      () => new DepositMoney({ account: '42', amount: 1, amuont: 2 } as never),
    )
    expect(error.issues).toEqual([{ path: 'amuont', message: 'unknown key' }])
  })

  it('is restored from what was stored of it', () => {
    class Remind extends Command('remind', z.object({ at: isoDate })) {}
    const command = new Remind({ at: new Date(0) })
    const stored = JSON.stringify(Remind.encode(command))
    expect(stored).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
    const restored = Remind.restore(JSON.parse(stored))
    expect(restored).toEqual(command)
    expect(isCommand(restored)).toBe(true)
  })
})

describe('A command class', () => {
  it('declares a result, or none', () => {
    expect(OpenAccount.resultSchema?.parse({ account: '42' })).toEqual({ account: '42' })
    expect(DepositMoney.resultSchema).toBeUndefined()
  })

  it('is refused for a result that is no schema, or one that no receipt could give back', () => {
    thrown('invalid-message-definition', () => Command('open', z.object({}), { result: { account: 'string' } as never }))
    thrown('invalid-message-definition', () => Command('open', z.object({}), { result: undefined as never }))
    thrown('invalid-message-definition', () => Command('open', z.object({}), { result: z.array(z.string().transform(Number)) }))
    expect(Command('open', z.object({}), { result: isoDate }).type).toBe('open')
  })

  it('is refused for a bad name, a schema that is no object, and a one-way transform', () => {
    thrown('invalid-message-definition', () => Command('Open', z.object({})))
    thrown('invalid-message-definition', () => Command('open', z.string() as never))
    thrown('invalid-message-definition', () => Command('open', z.object({ a: z.string().transform(Number) })))
  })
})
