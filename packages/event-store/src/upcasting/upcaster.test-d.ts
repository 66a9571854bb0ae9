// Promises of the types, held by the compiler: each line below `@ts-expect-error` must not compile.

import { z } from 'zod'
import { isoDate } from '../../test/codecs.js'
import { type DataOf, Event, type EventMetadata, type JsonObject, type PartOf, type Upcaster, upcaster } from '../index.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <_ extends true>() => {}

class AccountOpened extends Event('account-opened', z.object({ account: z.string(), openedAt: isoDate }), { schemaVersion: 2 }) {}
class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), cents: z.int() })) {}
class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), cents: z.int() })) {}

const from = { type: 'account-opened', schemaVersion: 1 }

// What leads to a class gives what the class stores: where a codec makes a date, its text.
holds<Same<DataOf<typeof AccountOpened>, { account: string; openedAt: string }>>()
const made: Upcaster = upcaster({
  from,
  to: AccountOpened,
  upcast: ({ id }: { id: string }, { createdAt }) => ({ account: id, openedAt: createdAt.toISOString() }),
})
// @ts-expect-error a date is not its text
upcaster({ from, to: AccountOpened, upcast: ({ id }: { id: string }, { createdAt }) => ({ account: id, openedAt: createdAt }) })
// @ts-expect-error a field is missing
upcaster({ from, to: AccountOpened, upcast: ({ id }: { id: string }) => ({ account: id }) })
// @ts-expect-error it may not wait
upcaster({ from, to: MoneyDeposited, upcast: async () => ({ account: '', cents: 1 }) })

// The data is JSON of which nothing is known, unless it is said; the stored event's facts are typed.
upcaster({
  from,
  to: { type: 'account-opened', schemaVersion: 2 },
  upcast: (data, { metadata, createdAt, stream, version, position, tags, type, schemaVersion }) => {
    holds<Same<typeof data, JsonObject>>()
    holds<Same<typeof metadata, EventMetadata>>()
    holds<Same<typeof createdAt, Date>>()
    return { ...data, stream, version, position, tags, type, schemaVersion }
  },
})
// @ts-expect-error nothing is known of the name
upcaster({ from, to: MoneyDeposited, upcast: ({ name }) => ({ account: name, cents: 1 }) })
// @ts-expect-error its part is not known before it is upcast
upcaster({ from, to: [MoneyDeposited], upcast: (_, { part }) => (part ? [] : []) })

// What leads to several gives a list, each part by the type that it is of.
holds<Same<PartOf<typeof MoneyDeposited>, { readonly 'money-deposited': { account: string; cents: number } }>>()
upcaster({
  from,
  to: [MoneyWithdrawn, MoneyDeposited],
  upcast: ({ a, b }: { a: string; b: string }) => [
    { 'money-withdrawn': { account: a, cents: 1 } },
    { 'money-deposited': { account: b, cents: 1 } },
  ],
})
// @ts-expect-error a type that `to` does not declare
upcaster({ from, to: [MoneyWithdrawn], upcast: () => [{ 'money-deposited': { account: 'a', cents: 1 } }] })
// @ts-expect-error a field is missing
upcaster({ from, to: [MoneyWithdrawn], upcast: () => [{ 'money-withdrawn': { account: 'a' } }] })
// @ts-expect-error no list
upcaster({ from, to: [MoneyWithdrawn], upcast: () => ({ account: 'a', cents: 1 }) })
// @ts-expect-error a list, where one event is declared
upcaster({ from, to: MoneyWithdrawn, upcast: () => [{ 'money-withdrawn': { account: 'a', cents: 1 } }] })

// What leads to nothing needs no function.
upcaster({ from, to: [] })
// @ts-expect-error what leads somewhere does
upcaster({ from, to: MoneyDeposited })
// @ts-expect-error a shape has a version
upcaster({ from: { type: 'account-opened' }, to: [] })
// @ts-expect-error it is a value that nobody changes
made.to = []
