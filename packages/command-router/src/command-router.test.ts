import { aggregate } from '@writ/aggregate'
import type { JsonObject } from '@writ/event-store'
import { deskOf } from '../test/desk.js'
import {
  CloseTicket,
  CloseTickets,
  OpenTicket,
  openTicket,
  spellings,
  TicketClosed,
  TicketOpened,
  ticketValue,
} from '../test/ticket.js'
import { CommandRouter, causedBy, type DispatchOptions, route, routesOf, type WaitFor } from './index.js'

const open = (ticket = 'four', email = 'ann@example.com') => new OpenTicket({ ticket, email })
const close = (ticket = 'four') => new CloseTicket({ ticket })

describe.each(spellings)('a command router with routes that are $spelling', ({ routes, ticket }) => {
  it('hands a command to its handler and answers with version, position and declared result', async () => {
    const { router } = await deskOf({ routes })
    const reply = await router.dispatch(open())
    expect(reply).toEqual({
      commandId: expect.any(String),
      stream: 'ticket-four',
      version: 1,
      position: 1,
      result: { number: 4 },
    })
    expect(await router.dispatch(close())).toMatchObject({ version: 2, position: 2, result: undefined })
  })

  it('answers as much as is asked for', async () => {
    const { router } = await deskOf({ routes })
    const commandId = expect.any(String)
    expect(await router.dispatch(open('a', 'a@x.org'), { returning: 'nothing' })).toEqual({ commandId })
    expect(await router.dispatch(open('bb', 'b@x.org'), { returning: 'result' })).toEqual({ commandId, result: { number: 2 } })
    const { events } = await router.dispatch(open('c', 'c@x.org'), { returning: 'events' })
    expect(events).toMatchObject([
      { type: 'ticket-opened', stream: 'ticket-c', version: 1, position: 3, data: { email: 'c@x.org' } },
    ])
    expect(events[0]!.data).toBeInstanceOf(TicketOpened)
    const { state } = await router.dispatch(open('d', 'd@x.org'), { returning: { state: ticket } })
    expect(state.isOpen).toBe(true)
  })

  it('rejects with the domain error of a refusal', async () => {
    const { router } = await deskOf({ routes })
    await router.dispatch(open())
    await expect(router.dispatch(open('five'))).rejects.toMatchObject({
      code: 'email-taken',
      facts: { email: 'ann@example.com' },
    })
  })

  it('keeps a rule across aggregates: of many tickets with one e-mail, opened at once by two processes, one remains', async () => {
    const here = await deskOf({ routes })
    const there = await deskOf({ routes, log: here.log })
    const settled = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => [here, there][index % 2]!.router.dispatch(open(`ticket ${index}`))),
    )
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const one of settled) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'email-taken' })
    expect((await here.stored()).length).toBe(1)
  })

  describe('stores with every event', () => {
    const metadataOf = async (options: DispatchOptions) => {
      const { router, stored } = await deskOf({ routes })
      const { commandId } = await router.dispatch(open(), options)
      const [event] = await stored()
      return { commandId, metadata: JSON.parse(event!.metadata) as object }
    }

    it('the id of its command, which is the beginning of a correlation', async () => {
      const { commandId, metadata } = await metadataOf({})
      expect(metadata).toEqual({ correlationId: commandId, causationId: commandId })
    })

    it('the correlation, cause, actor and metadata that the sender gives', async () => {
      const user = { from: 'a test', tags: ['x'] }
      const { metadata } = await metadataOf({
        commandId: 'k',
        correlationId: 'c',
        causationId: 'e',
        actor: 'ann',
        metadata: user,
      })
      expect(metadata).toEqual({ correlationId: 'c', causationId: 'k', commandCausationId: 'e', actor: 'ann', user })
    })

    it('the trace of the request, and whatever follows from the event goes on with it', async () => {
      const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'x=1' }
      const { metadata } = await metadataOf({ trace, actor: 'ann', correlationId: 'c' })
      expect(metadata).toMatchObject({ trace })
      const followed = await metadataOf(causedBy({ id: 'event 1', metadata }))
      expect(followed.metadata).toEqual({
        correlationId: 'c',
        causationId: followed.commandId,
        commandCausationId: 'event 1',
        causationDepth: 1,
        actor: 'ann',
        trace,
      })
      expect(causedBy({ id: 'event 2', metadata: {} })).toEqual({ causationId: 'event 2', causationDepth: 1 })
    })

    it('how long a row of causes it has; too long a one is refused, and nothing is stored', async () => {
      const { router, stored } = await deskOf({ routes, causationLimit: 2 })
      await router.dispatch(open(), { causationDepth: 2 })
      expect((await stored())[0]!.metadata).toContain('"causationDepth":2')
      await expect(router.dispatch(close(), { causationDepth: 3 })).rejects.toMatchObject({
        code: 'causation-too-deep',
        commandType: 'close-ticket',
        depth: 3,
        limit: 2,
      })
      expect((await stored()).length).toBe(1)
      await expect(deskOf({ routes, causationLimit: 0 })).rejects.toMatchObject({
        code: 'invalid-option',
        option: 'causationLimit',
      })
    })

    it('what all dispatches of the router have in common, unless one says otherwise', async () => {
      const defaults = { actor: 'the bank', metadata: { from: 'router', region: 'eu' } }
      const { router, stored } = await deskOf({ routes, defaults })
      await router.dispatch(open('a', 'a@x.org'))
      await router.dispatch(open('b', 'b@x.org'), { actor: 'ann', metadata: { from: 'page' } })
      expect((await stored()).map(({ metadata }) => JSON.parse(metadata))).toMatchObject([
        { actor: 'the bank', user: { from: 'router', region: 'eu' } },
        { actor: 'ann', user: { from: 'page', region: 'eu' } },
      ])
    })

    it('only metadata that JSON keeps as it is', async () => {
      const { router, stored } = await deskOf({ routes })
      const dispatch = router.dispatch(open(), { metadata: { since: new Date() } as unknown as JsonObject })
      await expect(dispatch).rejects.toMatchObject({ code: 'value-not-storable', path: 'since' })
      expect(await stored()).toEqual([])
    })
  })

  describe('given an id by the sender', () => {
    it('answers repetitions as the first time, whatever the id is called', async () => {
      const { router, stored, log } = await deskOf({ routes })
      const first = await router.dispatch(open(), { commandId: 'once' })
      expect(first.commandId).toBe('once')
      await router.dispatch(close())
      expect(await router.dispatch(open(), { idempotencyKey: 'once' })).toEqual(first)
      const later = await deskOf({ routes, log })
      expect(await later.router.dispatch(open(), { commandId: 'once' })).toEqual(first)
      expect((await stored()).length).toBe(2)
    })

    it('refuses it for other data or another command', async () => {
      const { router } = await deskOf({ routes })
      await router.dispatch(open(), { commandId: 'once' })
      for (const other of [open('five'), close()]) {
        await expect(router.dispatch(other, { commandId: 'once' })).rejects.toMatchObject({
          code: 'command-id-reused',
          commandId: 'once',
        })
      }
    })

    it('lets the sender say what repetitions have in common', async () => {
      const { router } = await deskOf({ routes })
      const options = { idempotencyKey: 'once', fingerprint: 'the body of the request' }
      const first = await router.dispatch(open('generated 1'), options)
      // The ticket's number is drawn anew at each try; the first one counts.
      expect(await router.dispatch(open('generated 2'), options)).toEqual(first)
      await expect(router.dispatch(open('generated 3'), { ...options, fingerprint: 'other' })).rejects.toMatchObject({
        code: 'command-id-reused',
      })
    })
  })

  describe('waits for', () => {
    const waiting = async (waitFor?: WaitFor) => deskOf({ routes, ...(waitFor && { waitFor }) })

    it('nobody by default', async () => {
      const { router } = await waiting(() => Promise.reject(new Error('not asked for')))
      expect(await router.dispatch(open())).toMatchObject({ version: 1 })
    })

    it('the strongly consistent handlers, or those named, up to the position of the command', async () => {
      const calls: unknown[][] = []
      const { router } = await waiting(async (...input) => void calls.push(input))
      await router.dispatch(open(), { consistency: 'strong', timeout: 5_000 })
      await router.dispatch(close(), { consistency: ['tickets', 'mails'] })
      expect(calls).toEqual([
        [{ stream: 'ticket-four', position: 1, types: ['ticket-opened'] }, 'strong', expect.any(Number)],
        [{ stream: 'ticket-four', position: 2, types: ['ticket-closed'] }, ['tickets', 'mails'], expect.any(Number)],
      ])
      const [, , timeLeft] = calls[0] as [unknown, unknown, number]
      expect(timeLeft).toBeGreaterThan(1_000)
      expect(timeLeft).toBeLessThanOrEqual(5_000)
    })

    it('them as long as they need, and hands on what waiting comes to', async () => {
      const { router, stored } = await waiting(() => Promise.reject(new Error('not visible yet')))
      await expect(router.dispatch(open(), { consistency: 'strong' })).rejects.toThrow('not visible yet')
      expect((await stored()).length).toBe(1)
    })

    it('nobody where nobody can be waited for: that is an error before anything is stored', async () => {
      const { router, stored } = await waiting()
      await expect(router.dispatch(open(), { consistency: 'strong' })).rejects.toMatchObject({
        code: 'invalid-option',
        option: 'consistency',
      })
      expect(await stored()).toEqual([])
    })
  })

  it('gives up after the timeout, and says whether the command may be stored', async () => {
    const slow = route(OpenTicket, { aggregate: routes[0]!.aggregate, handle: () => new Promise<never>(() => {}) })
    const { router } = await deskOf({ routes: [slow], defaults: { timeout: 60_000 } })
    await expect(router.dispatch(open(), { timeout: 20 })).rejects.toMatchObject({
      code: 'command-timeout',
      timeout: 20,
      mayBeCommitted: false,
    })
  })

  it('rejects when a function of the route throws, stores nothing, and can be stopped', async () => {
    const throwing = route(OpenTicket, {
      aggregate: routes[0]!.aggregate,
      handle: (_state, command, handling) => openTicket(command, handling),
      boundary: () => {
        throw new TypeError('no such boundary')
      },
    })
    const { router, stored } = await deskOf({ routes: [throwing] })
    await expect(router.dispatch(open())).rejects.toThrow('no such boundary')
    expect(await stored()).toEqual([])
    await router.stop()
  })

  it('stops when the commands under way are answered, and takes in no more', async () => {
    let finish = () => {}
    const slow = route(OpenTicket, {
      aggregate: routes[0]!.aggregate,
      handle: async (_state, command, handling) => {
        await new Promise<void>((resolve) => (finish = resolve))
        return openTicket(command, handling)
      },
    })
    const { router } = await deskOf({ routes: [slow] })
    const reply = router.dispatch(open())
    let isStopped = false
    const stopped = router.stop().then(() => (isStopped = true))
    await expect(router.dispatch(open())).rejects.toMatchObject({ code: 'stopped' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isStopped).toBe(false)
    finish()
    expect(await reply).toMatchObject({ version: 1 })
    await stopped
  })
})

describe('a command router refuses', () => {
  const routes = routesOf(ticketValue)
  const { decide: _, ...like } = ticketValue
  const other = { ...like, name: 'desk', decide: new Map() }

  it('two handlers for one command, and names both', async () => {
    const other = route(CloseTicket, { aggregate: ticketValue, handle: function closeTicket() {} })
    await expect(deskOf({ routes: [...routes, other] })).rejects.toMatchObject({
      code: 'duplicate-route',
      commandType: 'close-ticket',
      handlers: ["ticket.decide['close-ticket']", 'closeTicket'],
    })
  })

  it('two aggregates for one category', async () => {
    const impostor = aggregate({
      category: 'ticket',
      identity: 'ticket',
      commands: [],
      events: [TicketClosed],
      initialState: {},
      decide: {},
      evolve: { 'ticket-closed': (state) => state },
    })
    const other = route(CloseTickets, { aggregate: impostor, handle: () => undefined })
    await expect(deskOf({ routes: [...routes, other] })).rejects.toMatchObject({ code: 'duplicate-category', category: 'ticket' })
  })

  it('a command that nobody handles, with the nearest one that somebody does', async () => {
    const { router } = await deskOf({ routes })
    const dispatch = router.dispatch(new CloseTickets({ ticket: 'a' }))
    await expect(dispatch).rejects.toMatchObject({ code: 'unknown-command', commandType: 'close-tickets' })
    await expect(dispatch).rejects.toThrow(/the nearest known one is 'close-ticket'/)
  })

  it('what is no command', async () => {
    const { router } = await deskOf({ routes })
    for (const wrong of [{ ...close() }, null, 'close', new TicketClosed({ ticket: 'a' })]) {
      await expect(router.dispatch(wrong as never)).rejects.toMatchObject({ code: 'not-a-command' })
    }
  })

  it('defaults that make no sense', () => {
    const make = () => new CommandRouter({ routes: [], aggregates: undefined as never, defaults: { timeout: 0 } })
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'timeout' }))
  })

  it('a default that belongs to one dispatch', () => {
    const defaults = { commandId: 'k' } as DispatchOptions
    const make = () => new CommandRouter({ routes: [], aggregates: undefined as never, defaults })
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'commandId' }))
  })

  const wrong: [string, object, string, RegExp][] = [
    ['an option that is unknown, with the nearest one', { comandId: 'x' }, 'comandId', /is unknown; the nearest is 'commandId'/],
    ['an empty id', { commandId: '' }, 'commandId', /1 to 300 printable/],
    ['an id of 301 characters', { idempotencyKey: 'x'.repeat(301) }, 'idempotencyKey', /1 to 300 printable/],
    ['an id with a line break', { commandId: 'a\nb' }, 'commandId', /1 to 300 printable/],
    ['half a surrogate pair as an id', { commandId: 'a\ud800' }, 'commandId', /1 to 300 printable/],
    ['two ids', { commandId: 'a', idempotencyKey: 'a' }, 'idempotencyKey', /by another name/],
    ['a fingerprint without an id', { fingerprint: 'x' }, 'fingerprint', /needs a commandId/],
    ['metadata that is a list', { metadata: [] }, 'metadata', /must be an object/],
    ['an actor that is a number', { actor: 5 }, 'actor', /characters of text/],
    ['a correlation with a NUL', { correlationId: 'a\0' }, 'correlationId', /characters of text/],
    ['no time at all', { timeout: 0 }, 'timeout', /milliseconds/],
    ['endless time', { timeout: Number.POSITIVE_INFINITY }, 'timeout', /milliseconds/],
    ['half a retry', { retries: 0.5 }, 'retries', /from 0/],
    ['an unknown consistency', { consistency: 'strongish' }, 'consistency', /'eventual', 'strong' or a list/],
    ['an unknown answer', { returning: 'all' }, 'returning', /must be one of version, result/],
    ['the state of nobody', { returning: 'state' }, 'returning', /or { state: … } with the aggregate/],
    ['the state of no aggregate', { returning: { state: {} } }, 'returning', /with the aggregate that handles the command/],
    ['the state and more', { returning: { state: ticketValue, version: true } }, 'returning', /must be one of/],
    [
      'the state of another aggregate',
      { returning: { state: other } },
      'returning',
      /asks for the state of desk, and 'close-ticket' is handled by ticket/i,
    ],
  ]
  it.each(wrong)('%s', async (_, options, option, why) => {
    const { router, stored } = await deskOf({ routes })
    const dispatch = router.dispatch(close(), options)
    await expect(dispatch).rejects.toMatchObject({ code: 'invalid-option', option })
    await expect(dispatch).rejects.toThrow(why)
    expect(await stored()).toEqual([])
  })
})
