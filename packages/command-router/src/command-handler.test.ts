import { type AggregateDefinition, decided, type HandlingAlone, inSteps } from '@writ/aggregate'
import { Command, DomainError } from '@writ/event-store'
import { z } from 'zod'
import { deskOf } from '../test/desk.js'
import { CloseTicket, OpenTicket, TicketClosed, TicketOpened, ticketValue } from '../test/ticket.js'
import { CommandHandler, commandHandler, commandHandlerOf, type Route, routesOf } from './index.js'

const seats = { name: 'seats', key: 'email' }
const nothing = () => undefined
const stream = ({ ticket }: { ticket: string }) => `seat-${ticket}`

class Reserve extends Command('reserve', z.object({ ticket: z.string(), email: z.string() }), {
  result: z.object({ taken: z.int() }),
}) {}

async function reserve({ ticket, email }: Reserve, { transaction: { rows } }: HandlingAlone) {
  await rows(seats).insert(email, { taken: 0 })
  const { taken } = (await rows(seats).lock(email)) as { taken: number }
  await rows(seats).update(email, { taken: taken + 1 })
  if (taken === 2) throw new DomainError('no-more-seats', 'Two are enough.', { taken })
  return decided(new TicketOpened({ ticket, email }), { taken: taken + 1 })
}

@CommandHandler(Reserve, { stream, events: [TicketOpened] })
class ReserveHandler {
  handle(command: Reserve, handling: HandlingAlone) {
    return reserve(command, handling)
  }
}

const noAggregates = (): AggregateDefinition => {
  throw new Error('It has no aggregate.')
}

describe.each([
  { spelling: 'a decorated class', route: commandHandlerOf(ReserveHandler, () => new ReserveHandler(), noAggregates) },
  {
    spelling: 'a class that is made later',
    route: commandHandlerOf(ReserveHandler, async () => new ReserveHandler(), noAggregates),
  },
  { spelling: 'a value', route: commandHandler(Reserve, { stream, events: [TicketOpened], handle: reserve }) },
])('a handler without an aggregate that is $spelling', ({ route }) => {
  const command = (ticket: string) => new Reserve({ ticket, email: 'ann' })

  it('changes rows with its events, and answers with the declared result', async () => {
    const { router, log, stored } = await deskOf({ routes: [route] })
    const reply = await router.dispatch(command('one'), { actor: 'ann' })
    expect(reply).toMatchObject({ stream: 'seat-one', version: 1, position: 1, result: { taken: 1 } })
    expect(log.row('seats', 'ann')).toMatchObject({ taken: 1 })
    expect((await stored()).map(({ type, metadata }) => [type, JSON.parse(metadata).actor])).toEqual([['ticket-opened', 'ann']])
  })

  it('undoes in rows what it has changed before it refuses; the refusal is remembered', async () => {
    const { router, log, stored } = await deskOf({ routes: [route] })
    for (const ticket of ['one', 'two']) await router.dispatch(command(ticket))
    for (const _ of ['first', 'repeated']) {
      const refused = router.dispatch(command('three'), { commandId: 'c' })
      await expect(refused).rejects.toMatchObject({ code: 'no-more-seats', facts: { taken: 2 } })
    }
    expect(log.row('seats', 'ann')).toMatchObject({ taken: 2 })
    expect(await stored()).toHaveLength(2)
  })

  it('takes effect once for one id', async () => {
    const { router, log } = await deskOf({ routes: [route] })
    const first = await router.dispatch(command('one'), { commandId: 'c' })
    expect(await router.dispatch(command('one'), { commandId: 'c' })).toEqual(first)
    expect(log.row('seats', 'ann')).toMatchObject({ taken: 1 })
  })

  it('is carried out one command after another for one row, also by two processes', async () => {
    const here = await deskOf({ routes: [route] })
    const there = await deskOf({ routes: [route], log: here.log })
    const sent = ['a', 'b', 'c', 'd'].map((ticket, index) => (index % 2 ? here : there).router.dispatch(command(ticket)))
    const settled = await Promise.allSettled(sent)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(here.log.row('seats', 'ann')).toMatchObject({ taken: 2 })
  })

  it('gives the events that were asked for, and no state', async () => {
    const { router } = await deskOf({ routes: [route] })
    expect(await router.dispatch(command('one'), { returning: 'events' })).toMatchObject({ events: [{ type: 'ticket-opened' }] })
    const state = router.dispatch(command('two'), { returning: { state: ticketValue } })
    await expect(state).rejects.toMatchObject({ code: 'invalid-option', option: 'returning' })
    await expect(state).rejects.toThrow(/is handled by a handler without an aggregate/)
  })
})

describe('a handler without an aggregate', () => {
  const open = (handle: () => unknown): Route =>
    commandHandler(OpenTicket, { stream, events: [TicketOpened], handle: handle as never })
  const command = new OpenTicket({ ticket: 'one', email: 'ann' })

  it.each([
    ['an event that it does not name', () => new TicketClosed({ ticket: 'one' })],
    ['steps', () => inSteps({})],
    ['plain data', () => ({ ticket: 'one' })],
  ])('is refused where it answers with %s', async (_, handle) => {
    const { router, stored } = await deskOf({ routes: [open(handle)] })
    await expect(router.dispatch(command)).rejects.toMatchObject({ code: 'invalid-decision' })
    expect(await stored()).toEqual([])
  })

  it('is refused where its stream is none', async () => {
    const nowhere = commandHandler(OpenTicket, { stream: () => undefined as never, handle: () => decided([], { number: 1 }) })
    const { router } = await deskOf({ routes: [nowhere] })
    await expect(router.dispatch(command)).rejects.toMatchObject({ code: 'missing-identity', source: 'stream' })
    const reserved = commandHandler(CloseTicket, { stream: () => '', handle: () => undefined })
    const other = await deskOf({ routes: [reserved] })
    await expect(other.router.dispatch(new CloseTicket({ ticket: 'one' }))).rejects.toMatchObject({ code: 'invalid-stream-name' })
  })

  it('stands beside others: they share no category', async () => {
    const close = commandHandler(CloseTicket, {
      stream,
      events: [TicketClosed],
      handle: ({ ticket }) => new TicketClosed({ ticket }),
    })
    const { router, stored } = await deskOf({
      routes: [open(() => decided(new TicketOpened({ ticket: 'one', email: 'a' }), { number: 1 })), close],
    })
    await router.dispatch(command)
    await router.dispatch(new CloseTicket({ ticket: 'one' }))
    expect((await stored()).map(({ stream: name, version }) => [name, version])).toEqual([
      ['seat-one', 1],
      ['seat-one', 2],
    ])
  })

  describe('that dispatches a command while it decides', () => {
    const closing = (ticket: string) => new CloseTicket({ ticket })
    const closeAlone = commandHandler(CloseTicket, { stream: ({ ticket }) => `closed-${ticket}`, handle: nothing })
    const opening = (ticket: string) => new OpenTicket({ ticket, email: 'ann' })
    const numbers = Array.from({ length: 20 }, (_, number) => number)

    it('is refused at once where that one wants a transaction too, however many do it at once; and others go on', async () => {
      const desk = await deskOf({ routes: [open(() => desk.router.dispatch(closing('one'))), closeAlone] })
      const { router, stored } = desk
      const settled = await Promise.allSettled(numbers.map((number) => router.dispatch(opening(`n ${number}`))))
      for (const outcome of settled) {
        expect(outcome).toMatchObject({
          reason: { code: 'nested-command', stream: 'closed-one', outer: expect.stringMatching(/^seat-n/) },
        })
      }
      expect(await router.dispatch(closing('one'))).toMatchObject({ stream: 'closed-one' })
      expect(await stored()).toEqual([])
    })

    it('may wait for one that is decided without a transaction, and for none that it leaves behind', async () => {
      const opened = decided(new TicketOpened({ ticket: 'one', email: 'ann' }), { number: 1 })
      const left: Promise<unknown>[] = []
      const waiting = await deskOf({
        routes: [
          open(async () => {
            await waiting.router.dispatch(closing('one'))
            return opened
          }),
          ...routesOf(ticketValue),
        ],
      })
      await Promise.all(numbers.map((number) => waiting.router.dispatch(opening(`n ${number}`))))
      expect(await waiting.stored()).toHaveLength(numbers.length)
      const leaving = await deskOf({
        routes: [
          open(() => {
            left.push(done.then(() => leaving.router.dispatch(closing('one'))))
            return opened
          }),
          closeAlone,
        ],
      })
      let isDone = () => {}
      const done = new Promise<void>((resolve) => (isDone = resolve))
      await leaving.router.dispatch(opening('one'))
      isDone()
      expect(await Promise.all(left)).toMatchObject([{ stream: 'closed-one' }])
    })
  })

  it.each([
    ['without a stream', { handle: nothing }, 'invalid-command-handler'],
    ['without a function', { stream }, 'invalid-command-handler'],
    ['with an option that it has not', { stream, handle: nothing, identity: 'ticket' }, 'invalid-option'],
    ['with events that are none', { stream, handle: nothing, events: [CloseTicket] }, 'invalid-aggregate'],
  ])('is refused %s', (_, options, code) => {
    expect(() => commandHandler(OpenTicket, options as never)).toThrow(expect.objectContaining({ code }))
  })
})
