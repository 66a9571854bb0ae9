import { deskOf } from '../test/desk.js'
import { CloseTicket, OpenTicket, spellings } from '../test/ticket.js'
import { type Dispatched, forCommands, type Middleware, withMiddleware } from './index.js'

const open = new OpenTicket({ ticket: 'four', email: 'ann@example.com' })
const close = new CloseTicket({ ticket: 'four' })

describe.each(spellings)('middleware around commands whose routes are $spelling', ({ routes }) => {
  it("goes around each other and around the handling: the router's own first, then those of nested groups", async () => {
    const seen: string[] = []
    const note =
      (name: string): Middleware =>
      async (_dispatch, next) => {
        seen.push(`${name} before`)
        const reply = await next()
        seen.push(`${name} after`)
        return reply
      }
    const grouped = withMiddleware([note('group')], withMiddleware([note('inner')], routes))
    const { router } = await deskOf({ routes: grouped, middleware: [note('first'), note('second')] })
    await router.dispatch(open)
    expect(seen).toEqual([
      ...['first', 'second', 'group', 'inner'].map((name) => `${name} before`),
      ...['inner', 'group', 'second', 'first'].map((name) => `${name} after`),
    ])
  })

  it('may be given with one dispatch, and goes around that one alone, inside of all others', async () => {
    const seen: string[] = []
    const note =
      (name: string): Middleware =>
      (_dispatch, next) => {
        seen.push(name)
        return next()
      }
    const { router } = await deskOf({ routes: withMiddleware([note('group')], routes), middleware: [note('router')] })
    await router.dispatch(open, { middleware: [note('own')] })
    await router.dispatch(close)
    expect(seen).toEqual(['router', 'group', 'own', 'router', 'group'])
    await expect(router.dispatch(close, { middleware: ['none'] as never })).rejects.toMatchObject({ code: 'invalid-option' })
  })

  it('is refused for what is no list of commands, and where it is none itself', () => {
    const middleware: Middleware = (_dispatch, next) => next()
    for (const commands of [null, OpenTicket, [undefined]])
      expect(() => forCommands(commands as never, middleware)).toThrow(
        expect.objectContaining({ code: 'invalid-option', option: 'commands' }),
      )
    expect(() => forCommands([OpenTicket], null as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option', option: 'middleware' }),
    )
  })

  it('sees the command, its ids, its stream and its options, and the reply', async () => {
    const seen: unknown[] = []
    const watch: Middleware = async (dispatch, next) => {
      seen.push({ ...dispatch, aggregate: dispatch.aggregate.category })
      const reply = await next()
      seen.push(reply)
      return reply
    }
    const { router } = await deskOf({ routes, middleware: [watch] })
    const reply = await router.dispatch(open, { commandId: 'k', causationId: 'e', actor: 'ann', metadata: { a: 1 } })
    expect(seen).toEqual([
      {
        command: open,
        commandId: 'k',
        isProvisional: false,
        aggregate: 'ticket',
        stream: 'ticket-four',
        correlationId: 'k',
        causationId: 'e',
        actor: 'ann',
        trace: undefined,
        metadata: { a: 1 },
      },
      reply,
    ])
  })

  it('may say who it is, and add metadata', async () => {
    const authenticate: Middleware = (dispatch, next) => {
      dispatch.actor = 'ann'
      dispatch.metadata = { ...dispatch.metadata, ip: '::1' }
      return next()
    }
    const { router, stored } = await deskOf({ routes, middleware: [authenticate] })
    await router.dispatch(open, { metadata: { page: '/' } })
    const [event] = await stored()
    expect(JSON.parse(event!.metadata)).toMatchObject({ actor: 'ann', user: { page: '/', ip: '::1' } })
  })

  it('may halt a command by throwing, and nothing is stored', async () => {
    const { router, stored } = await deskOf({
      routes,
      middleware: [
        async () => {
          throw new TypeError('not allowed')
        },
      ],
    })
    await expect(router.dispatch(open)).rejects.toThrow('not allowed')
    expect(await stored()).toEqual([])
  })

  it('may halt a command by throwing at once, which is a rejection all the same', async () => {
    const { router } = await deskOf({
      routes,
      middleware: [
        () => {
          throw new TypeError('not allowed')
        },
      ],
    })
    await expect(router.dispatch(open)).rejects.toThrow('not allowed')
  })

  it('may answer a command itself, and nothing is stored', async () => {
    const answer: Dispatched = { commandId: 'x', stream: 'ticket-four', version: 7, position: 9, result: { number: 7 } }
    const { router, stored } = await deskOf({ routes, middleware: [async () => answer] })
    expect(await router.dispatch(open)).toEqual(answer)
    expect(await stored()).toEqual([])
  })

  it('is told where its answer lacks what the sender asks for, and whether the command may be stored', async () => {
    const copies: Middleware = async (_dispatch, next) => {
      const { commandId, stream, version, position, result } = await next()
      return { commandId, stream, version, position, result }
    }
    const answers: Middleware = async ({ commandId, stream }) => ({ commandId, stream, version: 0, position: 0, result: {} })
    const adds: Middleware = async (_dispatch, next) => ({ ...(await next()), events: [] })
    const { router } = await deskOf({ routes })
    const lacking = { code: 'missing-answer', lacking: 'events' }
    const asked = (...middleware: Middleware[]) => router.dispatch(open, { commandId: 'once', returning: 'events', middleware })
    await expect(asked(answers)).rejects.toMatchObject({ ...lacking, mayBeCommitted: false })
    await expect(asked(copies)).rejects.toMatchObject({ ...lacking, mayBeCommitted: true })
    expect(await asked(adds, copies)).toMatchObject({ version: 1, events: [] })
    const { aggregate } = routes[0]!
    const state = router.dispatch(open, { commandId: 'once', returning: { state: aggregate }, middleware: [copies] })
    await expect(state).rejects.toMatchObject({ ...lacking, lacking: 'state' })
    expect(router.underWay).toBe(0)
  })

  it('sees refusals and failures, and may try again', async () => {
    let tries = 0
    const retry: Middleware = async (_dispatch, next) => {
      for (;;) {
        try {
          return await next()
        } catch (error) {
          if (++tries === 3) throw error
        }
      }
    }
    const failing: Middleware = async (_dispatch, next) => {
      if (tries < 2) throw new Error('in a moment')
      return next()
    }
    const { router } = await deskOf({ routes, middleware: [retry, failing] })
    expect(await router.dispatch(open)).toMatchObject({ version: 1 })
    await expect(router.dispatch(new OpenTicket({ ticket: 'x', email: 'ann@example.com' }))).rejects.toMatchObject({
      code: 'email-taken',
    })
  })

  it('may not hand on a command twice that has not failed', async () => {
    const twice: Middleware = async (_dispatch, next) => {
      await next()
      return next()
    }
    const { router, stored } = await deskOf({ routes, middleware: [twice] })
    await router.dispatch(open).catch(() => {})
    await expect(router.dispatch(close)).rejects.toMatchObject({ code: 'repeated-next', commandType: 'close-ticket' })
    expect((await stored()).length).toBe(2)
  })
})
