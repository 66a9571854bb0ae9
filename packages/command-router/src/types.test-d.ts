// What `dispatch` infers, and the mistakes that the compiler finds: each line that is expected to fail must fail.

import { Aggregate, aggregate, aggregateOf, boundary, decided, Handle, type Handling, type HandlingAlone } from '@writ/aggregate'
import { Command, Event } from '@writ/event-store'
import { z } from 'zod'
import { CommandHandler, type CommandRouter, commandHandler, route } from './index.js'

class Opened extends Event('opened', z.object({ account: z.string() })) {}
class Open extends Command('open', z.object({ account: z.string(), size: z.int() }), { result: z.object({ number: z.int() }) }) {}
class Close extends Command('close', z.object({ account: z.string() })) {}

class Empty extends Command('empty', z.object({ box: z.string(), by: z.string() })) {}
class Fill extends Command('fill', z.object({ box: z.string().brand<'box'>(), size: z.int() })) {}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  isOpen = false
}
class Other {
  isEmpty = true
}

declare const router: CommandRouter

export async function inferred() {
  const { result, version, position } = await router.dispatch(new Open({ account: 'a', size: 1 }))
  const number: number = result.number
  const nothing: undefined = (await router.dispatch(new Close({ account: 'a' }))).result
  // @ts-expect-error the result has no such field
  result.name
  const { events } = await router.dispatch(new Close({ account: 'a' }), { returning: 'events' })
  const types: string[] = events.map(({ type }) => type)
  const { state, version: after } = await router.dispatch(new Close({ account: 'a' }), { returning: { state: Account } })
  const isOpen: boolean = state.isOpen
  const { state: ofValue } = await router.dispatch(new Open({ account: 'a', size: 1 }), { returning: { state: account } })
  const alsoOpen: boolean = ofValue.isOpen
  // @ts-expect-error the aggregate has no such field
  state.balance
  // @ts-expect-error the value's state has no such field
  ofValue.balance
  // @ts-expect-error whose state it is must be said
  await router.dispatch(new Close({ account: 'a' }), { returning: 'state' })
  // @ts-expect-error the state was not asked for
  ;(await router.dispatch(new Close({ account: 'a' }), { returning: 'events' })).state
  const little = await router.dispatch(new Open({ account: 'a', size: 1 }), { returning: 'result' })
  const also: number = little.result.number
  // @ts-expect-error it was not asked for
  little.version
  const least = await router.dispatch(new Open({ account: 'a', size: 1 }), { returning: 'nothing' })
  // @ts-expect-error it was not asked for
  least.result
  // @ts-expect-error it was not asked for
  ;(await router.dispatch(new Close({ account: 'a' }))).events
  // @ts-expect-error the answer is another
  const wrong: string = (await router.dispatch(new Open({ account: 'a', size: 1 }), { returning: 'result' })).result.number
  // @ts-expect-error there is no such answer
  await router.dispatch(new Close({ account: 'a' }), { returning: 'everything' })
  // @ts-expect-error no such option
  await router.dispatch(new Close({ account: 'a' }), { comandId: 'x' })
  // @ts-expect-error a copy is no command
  await router.dispatch({ account: 'a', size: 1 })
  return { version, position, number, nothing, types, isOpen, alsoOpen, after, also, wrong }
}

@CommandHandler(Open, { aggregate: Account, boundary: ({ account }) => ({ tags: [`account:${account}`] }) })
export class Fine {
  async handle(account: Account, { account: name }: Open, { boundary }: Handling) {
    return decided(account.isOpen || boundary.length > 0 ? [] : new Opened({ account: name }), { number: 1 })
  }
}

// @ts-expect-error it handles another command
@CommandHandler(Close, { aggregate: Account })
export class WrongCommand {
  handle(_account: Account, _command: Open) {}
}

// @ts-expect-error it takes another aggregate
@CommandHandler(Close, { aggregate: Account })
export class WrongAggregate {
  handle(_other: Other, _command: Close) {}
}

// @ts-expect-error the declared result is missing
@CommandHandler(Open, { aggregate: Account })
export class WithoutResult {
  handle(_account: Account, { account }: Open) {
    return new Opened({ account })
  }
}

// @ts-expect-error the declared result is another
@CommandHandler(Open, { aggregate: Account })
export class WrongResult {
  handle(_account: Account, { account }: Open) {
    return decided(new Opened({ account }), { number: 'one' })
  }
}

// @ts-expect-error a handler has a method handle
@CommandHandler(Close, { aggregate: Account })
export class WithoutMethod {}

class Judge extends Command('judge', z.object({ judge: z.string() })) {}
class Count extends Command('count', z.object({ count: z.int() })) {}

@Aggregate({ category: 'box', identity: 'box' })
class Box {
  @Handle(Empty)
  empty(_command: Empty) {}
}

// @ts-expect-error the command has no field that all commands of the aggregate have, such as its identity
@CommandHandler(Judge, { aggregate: Box })
export class WithoutIdentity {
  handle(_box: Box, _command: Judge) {}
}

@CommandHandler(Judge, { aggregate: Box, identity: 'judge' })
export class WithAnIdentityOfItsOwn {
  handle(_box: Box, _command: Judge) {}
}

@CommandHandler(Judge, { aggregate: Box, identity: ({ judge }) => judge.toLowerCase() })
export class WithAComputedIdentity {
  handle(_box: Box, _command: Judge) {}
}

@CommandHandler(Fill, { aggregate: Box })
export class WithTheIdentityOfTheRest {
  handle(_box: Box, _command: Fill) {}
}

// @ts-expect-error the command has no text, and an identity is text
@CommandHandler(Count, { aggregate: Account })
export class WithoutText {
  handle(_account: Account, _command: Count) {}
}

// @ts-expect-error the identity is text
@CommandHandler(Open, { aggregate: Account, identity: 'size' })
export class WrongIdentity {
  handle(_account: Account, _command: Open) {
    return decided([], { number: 1 })
  }
}

const account = aggregate({
  category: 'account',
  identity: 'account',
  commands: [],
  events: [Opened],
  initialState: { isOpen: false },
  decide: {},
  evolve: { opened: () => ({ isOpen: true }) },
})

route(Open, {
  aggregate: account,
  handle: ({ isOpen }, command) => decided(isOpen ? [] : new Opened(command), { number: command.size }),
})
// @ts-expect-error the state has no such field
route(Close, { aggregate: account, handle: ({ isClosed }) => void isClosed })
// @ts-expect-error the declared result is missing
route(Open, { aggregate: account, handle: (_state, command) => new Opened(command) })
// @ts-expect-error the command has no such field
route(Close, { aggregate: account, handle: () => undefined, identity: 'size' })
// @ts-expect-error the command has no field 'account'
route(Judge, { aggregate: account, handle: () => undefined })
route(Judge, { aggregate: account, handle: ({ isOpen }, { judge }) => void (isOpen && judge), identity: 'judge' })
route(Judge, { aggregate: account, handle: () => undefined, identity: ({ judge }) => judge })
// @ts-expect-error the command has no field that all commands of the aggregate have
route(Judge, { aggregate: aggregateOf(Box), handle: () => undefined })
// @ts-expect-error the command has no field 'account'
@CommandHandler(Judge, { aggregate: account })
export class WithoutTheFieldOfTheValue {
  handle(_state: { readonly isOpen: boolean }, _command: Judge) {}
}

const openings = boundary({
  events: [Opened],
  matching: ({ account }: Open) => ({ tags: [`account:${account}`] }),
  initialState: 0,
  evolve: { opened: (count) => count + 1 },
})

route(Open, {
  aggregate: account,
  boundary: openings,
  handle: (_state, { account }, { state }) => decided(state > 0 ? [] : new Opened({ account }), { number: state }),
})
route(Open, {
  aggregate: account,
  boundary: openings,
  // @ts-expect-error the boundary's state is a number
  handle: (_state, _command, { state }) => decided([], { number: state.count }),
})
// @ts-expect-error the boundary is for another command
route(Close, { aggregate: account, boundary: openings, handle: () => undefined })

@CommandHandler(Open, { aggregate: Account, boundary: openings })
export class Counting {
  handle(_account: Account, { account }: Open, { state }: Handling<number>) {
    return decided(state > 0 ? [] : new Opened({ account }), { number: state })
  }
}

// @ts-expect-error the boundary's state is a number
@CommandHandler(Open, { aggregate: Account, boundary: openings })
export class WrongBoundaryState {
  handle(_account: Account, _command: Open, { state }: Handling<string>) {
    return decided([], { number: state.length })
  }
}

// @ts-expect-error it is for another command
@CommandHandler(Close, { aggregate: Account, boundary: openings })
export class WrongBoundary {
  handle(_account: Account, _command: Close) {}
}

boundary({
  events: [Opened],
  matching: ({ account }: Open) => ({ tags: [account] }),
  initialState: 0,
  // @ts-expect-error 'opened' is missing
  evolve: {},
})
boundary({
  events: [Opened],
  matching: ({ account }: Open) => ({ tags: [account] }),
  initialState: 0,
  // @ts-expect-error no promise of a state
  evolve: { opened: async (count) => count },
})

interface Sql {
  readonly sql: (text: string) => Promise<void>
}

@CommandHandler(Open, { stream: ({ account }) => `account-${account}`, events: [Opened], boundary: openings })
export class Alone {
  async handle({ account }: Open, { transaction: { sql, rows }, state }: HandlingAlone<Sql, number>) {
    await sql('select 1')
    await rows({ name: 'accounts', key: 'account' }).lock(account)
    return decided(new Opened({ account }), { number: state })
  }
}

// @ts-expect-error without an aggregate there is no state
@CommandHandler(Close, { stream: () => 'account-a' })
export class AloneWithState {
  handle(_account: Account, _command: Close) {}
}

// @ts-expect-error the boundary's state is a number
@CommandHandler(Open, { stream: () => 'account-a', boundary: openings })
export class AloneWithWrongState {
  handle(_command: Open, { state }: HandlingAlone<object, string>) {
    return decided([], { number: state.length })
  }
}

// @ts-expect-error a handler needs an aggregate, or a stream
@CommandHandler(Close, {})
export class Nowhere {
  handle(_command: Close) {}
}

commandHandler(Open, {
  stream: ({ account }) => `account-${account}`,
  boundary: openings,
  handle: async ({ size }, { state, transaction: { sql } }: HandlingAlone<Sql, number>) => {
    await sql('select 1')
    return decided([], { number: size + state })
  },
})
// @ts-expect-error the declared result is missing
commandHandler(Open, { stream: () => 'account-a', handle: ({ account }) => new Opened({ account }) })
// @ts-expect-error the command has no such field
commandHandler(Close, { stream: ({ size }) => `account-${size}`, handle: () => undefined })
