import { aggregateOf } from '@writ/aggregate'
import { Command } from '@writ/event-store'
import { z } from 'zod'
import { deskOf } from '../test/desk.js'
import { CloseTicket, OpenTicket, OpenTicketHandler, openTicket, Ticket, ticketOfClass, ticketValue } from '../test/ticket.js'
import { CommandHandler, commandHandlerOf, handledBy, type RouteTo, route, routesOf } from './index.js'

class Loose extends Command('loose', z.object({ ticket: z.unknown(), tenant: z.string().optional() })) {}
type Identified = Pick<RouteTo<Loose, { isOpen: boolean }>, 'identity' | 'prefix'>

const loose = (options: Identified = {}) => route(Loose, { aggregate: ticketValue, handle: () => undefined, ...options } as never)
const streamFor = async (data: ConstructorParameters<typeof Loose>[0], options?: Identified) => {
  const { router } = await deskOf({ routes: [loose(options)] })
  return (await router.dispatch(new Loose(data))).stream
}

describe('a route finds the stream of a command', () => {
  it("by the aggregate's identity field", async () => {
    expect(await streamFor({ ticket: 'four' })).toBe('ticket-four')
  })

  it('by another field', async () => {
    expect(await streamFor({ ticket: 'x', tenant: 'acme' }, { identity: 'tenant' as never })).toBe('ticket-acme')
  })

  it('by a function', async () => {
    expect(await streamFor({ ticket: 'FOUR' }, { identity: ({ ticket }) => String(ticket).toLowerCase() })).toBe('ticket-four')
  })

  it('with a prefix, which is text or a function', async () => {
    expect(await streamFor({ ticket: 'four' }, { prefix: 'acme.' })).toBe('ticket-acme.four')
    expect(await streamFor({ ticket: 'four', tenant: 'b' }, { prefix: ({ tenant }) => `${tenant}.` })).toBe('ticket-b.four')
  })

  it('also when the identity has dashes or letters of any script', async () => {
    expect(await streamFor({ ticket: 'a-b-c' })).toBe('ticket-a-b-c')
    expect(await streamFor({ ticket: "d'é😀" })).toBe("ticket-d'é😀")
  })

  const missing: [string, unknown, RegExp][] = [
    ['empty', '', /its ticket is empty/],
    ['missing', undefined, /its ticket is missing/],
    ['null', null, /its ticket is missing/],
    ['a number', 42, /its ticket is a number, and an identity is text/],
    ['an object', {}, /its ticket is a object/],
    ['endless', 'x'.repeat(513), /its ticket has 513 characters, and 512 are the most/],
  ]
  it.each(missing)('never for an identity that is %s', async (_, ticket, why) => {
    await expect(streamFor({ ticket })).rejects.toMatchObject({
      code: 'missing-identity',
      commandType: 'loose',
      source: 'ticket',
    })
    await expect(streamFor({ ticket })).rejects.toThrow(why)
    const byFunction = streamFor({ ticket }, { identity: (command) => command.ticket as string })
    await expect(byFunction).rejects.toMatchObject({ code: 'missing-identity', source: 'identity function' })
  })

  it('never for an identity with control characters', async () => {
    await expect(streamFor({ ticket: 'a\nb' })).rejects.toMatchObject({ code: 'invalid-stream-name' })
  })
})

describe('a route is refused', () => {
  it('without a function where the aggregate has none', () => {
    expect(() => route(OpenTicket, { aggregate: ticketValue })).toThrow(/ticket does not handle 'open-ticket' itself/)
  })

  it('when the command has no such field', () => {
    const wrong = () => route(CloseTicket, { aggregate: ticketValue, identity: 'tiket' as never })
    expect(wrong).toThrow(expect.objectContaining({ code: 'invalid-command-handler' }))
    expect(wrong).toThrow(/'close-ticket' has no field 'tiket'.*is 'ticket' the one/)
  })

  it('of no aggregate', () => {
    for (const none of [undefined, null, {}])
      expect(() => routesOf(none as never)).toThrow(expect.objectContaining({ code: 'invalid-command-handler' }))
    expect(() => routesOf(Ticket as never)).toThrow(/give aggregateOf\(Ticket\)/)
  })

  it('for what is no command class', () => {
    expect(() => route(class {} as never, { aggregate: ticketValue, handle: () => undefined } as never)).toThrow(
      /it names no command class/,
    )
  })
})

describe('a command handler class', () => {
  it('comes down to a route', () => {
    const made = commandHandlerOf(OpenTicketHandler, () => new OpenTicketHandler(), aggregateOf)
    expect(made).toMatchObject({
      commandClass: OpenTicket,
      aggregate: ticketOfClass,
      handler: 'OpenTicketHandler.handle',
      identity: 'ticket',
    })
    expect(handledBy(OpenTicketHandler)).toBe(OpenTicket)
  })

  it('is resolved for each command, and may be resolved asynchronously', async () => {
    let resolved = 0
    const made = commandHandlerOf(
      OpenTicketHandler,
      async () => {
        resolved++
        return new OpenTicketHandler()
      },
      aggregateOf,
    )
    const { router } = await deskOf({ routes: [made] })
    expect(await router.dispatch(new OpenTicket({ ticket: 'a', email: 'a@x.org' }))).toMatchObject({ result: { number: 1 } })
    await router.dispatch(new OpenTicket({ ticket: 'b', email: 'b@x.org' }))
    expect(resolved).toBe(2)
  })

  it('that can not be resolved fails its command, and nothing is stored', async () => {
    const made = commandHandlerOf(
      OpenTicketHandler,
      () => {
        throw new TypeError('no password hasher is bound')
      },
      aggregateOf,
    )
    const { router, stored } = await deskOf({ routes: [made] })
    await expect(router.dispatch(new OpenTicket({ ticket: 'a', email: 'a@x.org' }))).rejects.toThrow(
      'no password hasher is bound',
    )
    expect(await stored()).toEqual([])
  })

  it('may have an identity, a prefix and middleware of its own', async () => {
    @CommandHandler(OpenTicket, {
      aggregate: Ticket,
      identity: ({ ticket }) => ticket.toUpperCase(),
      prefix: 'acme.',
      middleware: [async (_dispatch, next) => ({ ...(await next()), result: { number: 0 } })],
    })
    class Handler {
      handle(_ticket: Ticket, command: OpenTicket) {
        return openTicket(command, { boundary: [], state: undefined })
      }
    }
    const { router } = await deskOf({ routes: [commandHandlerOf(Handler, () => new Handler(), aggregateOf)] })
    expect(await router.dispatch(new OpenTicket({ ticket: 'a', email: 'a@x.org' }))).toMatchObject({
      stream: 'ticket-acme.A',
      result: { number: 0 },
    })
  })

  it('is refused without its decorator, without a method, and without an aggregate', () => {
    const of = (handlerClass: new () => object) => () => commandHandlerOf(handlerClass, () => new handlerClass(), aggregateOf)
    expect(of(class Plain {})).toThrow(/Plain can't be used: it has no @CommandHandler/)
    class Mute {}
    ;(CommandHandler(OpenTicket, { aggregate: Ticket }) as (target: object) => void)(Mute)
    expect(of(Mute)).toThrow(/Mute can't be used: it has no method handle/)
    class Lost {
      handle() {}
    }
    ;(CommandHandler(OpenTicket, { aggregate: undefined as never }) as (target: object) => void)(Lost)
    expect(of(Lost)).toThrow(/its aggregate is undefined, perhaps because two files import each other/)
  })

  it('is refused when it was compiled for the TC39 proposal', () => {
    const decorate = CommandHandler(OpenTicket, { aggregate: Ticket }) as (target: object, context: object) => void
    expect(() => decorate(class {}, { kind: 'class' })).toThrow(
      expect.objectContaining({ code: 'wrong-decorator-mode', decorator: 'CommandHandler' }),
    )
  })
})
