// Compiled, never run: what the compiler promises to a user of an application.
import { Aggregate, Apply, aggregate, Handle } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { On } from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import { z } from 'zod'
import { Application } from './application.js'

class Opened extends Event('opened', z.object({ box: z.string() })) {}
class Closed extends Event('closed', z.object({ box: z.string() })) {}
class OpenBox extends Command('open-box', z.object({ box: z.string() }), { result: z.object({ key: z.string() }) }) {}
class CloseBox extends Command('close-box', z.object({ box: z.string() })) {}

declare const app: Application
declare const sqlApp: Application<SqlTransaction>

export async function dispatchInfersTheDeclaredResult() {
  const opened = await app.dispatch(new OpenBox({ box: 'a' }))
  const key: string = opened.result.key
  const closed = await app.dispatch(new CloseBox({ box: 'a' }))
  const nothing: undefined = closed.result
  // @ts-expect-error the result has no such field
  opened.result.lock
  // @ts-expect-error an event is no command
  await app.dispatch(new Opened({ box: 'a' }))
  // @ts-expect-error there is no such option
  await app.dispatch(new CloseBox({ box: 'a' }), { consistent: true })
  const { state } = await app.dispatch(new CloseBox({ box: 'a' }), { returning: { state: Box } })
  const isOpen: boolean = state.isOpen
  // @ts-expect-error the box has no such field
  state.isLocked
  return [key, nothing, isOpen]
}

export class WrongParameters {
  // @ts-expect-error the method takes another event
  @Apply(Opened)
  opened(_event: Closed) {}

  // @ts-expect-error the method takes another command
  @Handle(OpenBox)
  open(_command: CloseBox) {}

  // @ts-expect-error the handler takes another event
  @On(Opened)
  seen(_event: Closed) {}
}

@Aggregate({ category: 'box', identity: 'box' })
export class Box {
  isOpen = false

  @Handle(CloseBox)
  close({ box }: CloseBox) {
    return new Closed({ box })
  }

  @Apply(Closed)
  closed(_event: Closed) {}
}

// @ts-expect-error the handler is for another command
@CommandHandler(OpenBox, { aggregate: Box })
export class HandlerOfAnother {
  handle(_box: Box, _command: CloseBox) {}
}

// @ts-expect-error its command has no field 'crate'
@Aggregate({ category: 'crate', identity: 'crate' })
export class Crate {
  @Handle(CloseBox)
  close(_command: CloseBox) {}
}

export const incomplete = aggregate({
  category: 'box',
  identity: 'box',
  commands: [CloseBox],
  events: [Closed, Opened],
  initialState: 0,
  decide: { 'close-box': (_state, { box }) => new Closed({ box }) },
  // @ts-expect-error 'opened' is missing
  evolve: { closed: (state) => state + 1 },
})

export async function transactionsKnowTheStoreAndItsEvents() {
  const { result, appended } = await sqlApp.transaction(async ({ sql, client, append }) => {
    await sql`select 1`
    await client.query('select 1')
    append('box-a', new Opened({ box: 'a' }), { expectedVersion: 'no-stream' })
    append('box-a', [new Opened({ box: 'a' }), new Closed({ box: 'a' })])
    // @ts-expect-error a command is no event
    append('box-a', new CloseBox({ box: 'a' }))
    // @ts-expect-error plain data is no event
    append('box-a', { box: 'a' })
    // @ts-expect-error no such form
    append('box-a', new Opened({ box: 'a' }), { expectedVersion: 'none' })
    // @ts-expect-error the store's own append takes other values
    append({ stream: 'box-a', events: [] })
    return 7
  })
  const last: number | undefined = appended[0]?.position
  // @ts-expect-error the work returned a number
  const text: string = result
  // @ts-expect-error any store will do here, so that nothing is known of sql
  await app.transaction(async ({ sql }) => sql)
  // @ts-expect-error there is no such option
  await app.transaction(async () => {}, { timeouts: 5 })
  // @ts-expect-error work that is not awaited would run outside of the transaction
  await app.transaction(() => {})
  const { dispatched } = await sqlApp.transaction(async ({ dispatch, rows }) => {
    await rows({ name: 'accounts', key: 'account' }).find('a')
    const { version, result } = await dispatch(new CloseBox({ box: 'a' }))
    const nothing: undefined = result
    // @ts-expect-error nothing has a position before the commit
    await dispatch(new CloseBox({ box: 'a' })).then(({ position }) => position)
    // @ts-expect-error the state was not asked for
    await dispatch(new CloseBox({ box: 'a' })).then(({ state }) => state)
    const { state, events } = await dispatch(new CloseBox({ box: 'a' }), { returning: { state: Box } })
    const isOpen: boolean = state.isOpen && events.length > 0
    // @ts-expect-error the version, the result and the events are told anyway
    await dispatch(new CloseBox({ box: 'a' }), { returning: 'events' })
    // @ts-expect-error retries are those of the transaction
    await dispatch(new CloseBox({ box: 'a' }), { retries: 5 })
    return [version, nothing, isOpen]
  })
  const after: number | undefined = dispatched[0]?.position
  return [last, text, after]
}

// The store that an application is given says what its transactions have.
export const withSql: Promise<Application<SqlTransaction>> = Application.create({
  store: postgresEventStore({ connectionString: '' }),
  modules: [],
})
export const anyApplication: Application = sqlApp
