// Promises of the types, held by the compiler: each line below `@ts-expect-error` must not compile.

import { z } from 'zod'
import { isoDate } from '../../test/codecs.js'
import { type AnyCommand, type AnyEvent, type Class, Command, Event, type ResultOf } from '../index.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <_ extends true>() => {}

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
class Booked extends Event('booked', z.object({ at: isoDate, note: z.string().optional() })) {}
class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}
class OpenAccount extends Command('open-account', z.object({ owner: z.string() }), {
  result: z.object({ account: z.string(), opened: isoDate }),
}) {}

const deposited = new MoneyDeposited({ account: '42', amount: 500 })
const withdrawn = new MoneyWithdrawn({ account: '42', amount: 500 })
const deposit = new DepositMoney({ account: '42', amount: 500 })

// The fields have the types of the schema, after its codecs.
holds<Same<typeof deposited.amount, number>>()
const booked = new Booked({ at: new Date(0) })
holds<Same<typeof booked.at, Date>>()
holds<Same<typeof booked.note, string | undefined>>()
// @ts-expect-error there is no such field
deposited.amuont
// @ts-expect-error a codec's field takes what it decodes to, not the text that is stored
new Booked({ at: '2024-01-01T00:00:00Z' })

// Wrong data does not compile.
// @ts-expect-error a field is missing
new MoneyDeposited({ account: '42' })
// @ts-expect-error a field has the wrong type
new MoneyDeposited({ account: '42', amount: '500' })
// @ts-expect-error a field is unknown
new MoneyDeposited({ account: '42', amount: 500, amuont: 1 })
// @ts-expect-error there is no data
new MoneyDeposited()

// Instances do not change.
// @ts-expect-error fields are read-only
deposited.amount = 1

// Messages of equal shape do not stand in for each other.
const takesDeposited = (_: MoneyDeposited) => {}
takesDeposited(deposited)
// @ts-expect-error another event
takesDeposited(withdrawn)
// @ts-expect-error a command
takesDeposited(deposit)
// @ts-expect-error its data alone
takesDeposited({ account: '42', amount: 500 })
const takesEvent = (_: AnyEvent) => {}
const takesCommand = (_: AnyCommand) => {}
takesEvent(deposited)
takesCommand(deposit)
// @ts-expect-error a command is no event
takesEvent(deposit)
// @ts-expect-error an event is no command
takesCommand(deposited)
// @ts-expect-error any object is no event
takesEvent({})

// Classes know their types.
holds<Same<typeof MoneyDeposited.type, 'money-deposited'>>()
holds<Same<typeof OpenAccount.type, 'open-account'>>()
const classes: Class<AnyEvent>[] = [MoneyDeposited, MoneyWithdrawn]
// @ts-expect-error a command's class is no event's class
classes.push(DepositMoney)
holds<Same<ReturnType<typeof MoneyDeposited.restore>['amount'], number>>()

// Tags are made of the event's own data.
Event('tagged', z.object({ email: z.string() }), { tags: ({ email }) => [`email:${email}`] })
// @ts-expect-error there is no such field
Event('tagged', z.object({ email: z.string() }), { tags: ({ mail }) => [mail] })
// @ts-expect-error tags are text
Event('tagged', z.object({ email: z.string() }), { tags: () => [1] })

// A schema is an object's.
// @ts-expect-error text is no event
Event('text', z.string())

// A command's declared result can be inferred from it, and nothing else is.
holds<Same<ResultOf<OpenAccount>, { account: string; opened: Date }>>()
holds<Same<ResultOf<DepositMoney>, undefined>>()
declare function dispatch<C extends AnyCommand>(command: C): { result: ResultOf<C> }
holds<Same<ReturnType<typeof dispatch<OpenAccount>>['result'], { account: string; opened: Date }>>()
const { result } = dispatch(new OpenAccount({ owner: 'Ann' }))
holds<Same<typeof result.account, string>>()
// @ts-expect-error nothing was declared
dispatch(deposit).result.account
