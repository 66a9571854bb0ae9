import { aggregateOf, decided } from '@writ/aggregate'
import {
  CommandHandler,
  causedBy,
  type DispatchOptions,
  forCommands,
  type Middleware,
  type RouteOptions,
  route,
  withMiddleware,
} from '@writ/command-router'
import { EventHandler, eventHandler, On, on } from '@writ/event-handler'
import { Command, type EventStore, eventsOf, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { inject } from 'inversify'
import { z } from 'zod'
import { Application, type ApplicationOptions, type Module, module } from '../../src/index.js'
import { Break, Deposit, Deposited, Look, Savings, savings, Withdraw } from '../savings.js'
import { processes } from './processes.js'

const account = z.string()

/** A present to an account: which one is said in different ways. */
class Give extends Command('give', z.object({ account: account.optional(), to: account, tenant: account.optional() }), {
  result: z.object({ card: z.int() }),
}) {}
class Depositt extends Command('savings-deposi', z.object({ account })) {}

class Cards {
  made = 0
}

@CommandHandler(Give, { aggregate: Savings, identity: 'to' })
class GiveHandler {
  constructor(@inject(Cards) private readonly cards: Cards) {}

  handle(_savings: Savings, { to }: Give) {
    return decided(new Deposited({ account: to, amount: 1 }), { card: ++this.cards.made })
  }
}

@CommandHandler(Deposit, { aggregate: Savings })
class SecondDepositHandler {
  handle(_savings: Savings, _command: Deposit) {
    return decided([], { balance: 0 })
  }
}

@EventHandler({ name: 'seer', consistency: 'strong' })
class Seer {
  seen = 0
  stuck: Promise<void> | undefined

  @On(Deposited)
  async deposited(_event: Deposited) {
    await this.stuck
    this.seen++
  }
}

const presents = module({
  name: 'presents',
  commandHandlers: [GiveHandler],
  bindings: (container) => void container.bind(Cards).toSelf(),
})

/** What commands and their routing are to be able to do, point by point; `open` gives another process on the same data each time. */
export function describeCommands(name: string, open: () => EventStore): void {
  describe(`on ${name},`, () => {
    const { start: startWith, newName } = processes(name, open)
    const start = (modules: readonly Module[] = [savings], options: Partial<ApplicationOptions> = {}) =>
      startWith({ modules, ...options })
    let account = ''
    beforeEach(() => {
      account = newName()
    })
    const deposit = (amount = 1) => new Deposit({ account, amount })
    const eventsIn = async ({ store }: { store: EventStore }, stream = `savings-${account}`) => {
      const events = []
      for await (const event of eventsOf(store.readStream(stream))) events.push(event)
      return events
    }
    const metadataIn = async (app: { store: EventStore }) =>
      (await eventsIn(app)).map(({ metadata }) => JSON.parse(metadata) as Record<string, unknown>)

    describe('a command has exactly one handler:', () => {
      it('a method of its aggregate', async () => {
        const app = await start()
        expect(await app.dispatch(deposit(5))).toMatchObject({ result: { balance: 5 }, version: 1 })
      })

      it('or a class with what it has injected', async () => {
        const app = await start([savings, presents])
        expect(await app.dispatch(new Give({ to: account }))).toMatchObject({ result: { card: 1 } })
        expect(await app.dispatch(new Give({ to: account }))).toMatchObject({ result: { card: 2 }, version: 2 })
      })

      it('a second one is an error before the start, which names both', async () => {
        const second = module({ name: 'second', commandHandlers: [SecondDepositHandler] })
        await expect(start([savings, second])).rejects.toMatchObject({
          code: 'duplicate-route',
          handlers: ['Savings.deposit', 'SecondDepositHandler.handle'],
        })
      })

      it('none, for a command that a module promises to handle, is an error before the start', async () => {
        const promised = module({ name: 'promised', commands: [Give] })
        await expect(start([savings, promised])).rejects.toMatchObject({ code: 'missing-command-handler', command: 'give' })
      })

      it('none, for a command that is dispatched, is an error that gives the nearest one', async () => {
        const app = await start()
        await expect(app.dispatch(new Depositt({ account }))).rejects.toMatchObject({
          code: 'unknown-command',
          message: expect.stringContaining("'savings-deposit'"),
        })
      })
    })

    describe('which aggregate is meant is said', () => {
      const streamBy = async (said: Required<Pick<RouteOptions<Give>, 'identity'>> & Pick<RouteOptions<Give>, 'prefix'>) => {
        const given = route(Give, { aggregate, handle: () => decided([], { card: 0 }), ...said })
        const app = await start([module({ name: 'presents', commandHandlers: [given] })])
        const { stream } = await app.dispatch(new Give({ to: account, account: 'by', tenant: 'acme' }))
        await expect(app.dispatch(new Give({ to: '' }))).rejects.toMatchObject({ code: 'missing-identity', commandType: 'give' })
        return stream
      }
      const aggregate = aggregateOf(Savings)

      it('by a field', async () => {
        expect(await streamBy({ identity: 'to' })).toBe(`savings-${account}`)
      })

      it('by a function', async () => {
        expect(await streamBy({ identity: ({ to }) => to.toUpperCase() })).toBe(`savings-${account.toUpperCase()}`)
      })

      it('with a prefix that is text', async () => {
        expect(await streamBy({ identity: 'to', prefix: 'gifts/' })).toBe(`savings-gifts/${account}`)
      })

      it('with a prefix that is a function', async () => {
        const prefix = ({ tenant = 'none' }: Give) => `${tenant}/`
        expect(await streamBy({ identity: 'to', prefix })).toBe(`savings-acme/${account}`)
      })

      it('and must be said: missing, it is an error, and nothing is stored', async () => {
        // The compiler refuses a field that may be missing.
        const given = route(Give, { aggregate, identity: 'account' as 'to', handle: () => decided([], { card: 0 }) })
        const app = await start([module({ name: 'presents', commandHandlers: [given] })])
        const { position } = await app.store.head()
        await expect(app.dispatch(new Give({ to: account }))).rejects.toMatchObject({
          code: 'missing-identity',
          source: 'account',
        })
        expect((await app.store.head()).position).toBe(position)
      })
    })

    describe('middleware', () => {
      const noting =
        (log: string[], what: string): Middleware =>
        async (_dispatch, next) => {
          log.push(`before ${what}`)
          try {
            const reply = await next()
            log.push(`after ${what}`)
            return reply
          } catch (error) {
            log.push(`failure ${what}`)
            throw error
          }
        }

      it('sees what is before, what is after, refusals and failures', async () => {
        const log: string[] = []
        const app = await start([savings], { middleware: [noting(log, 'it')] })
        await app.dispatch(deposit())
        await expect(app.dispatch(new Withdraw({ account, amount: 9 }))).rejects.toMatchObject({ code: 'too-much' })
        await expect(app.dispatch(new Break({ account }))).rejects.toThrow('broken')
        expect(log).toEqual(['before it', 'after it', 'before it', 'failure it', 'before it', 'failure it'])
      })

      it('is around all commands, those of a module, of a part of it, of a group of routes, of one command, or one dispatch', async () => {
        const log: string[] = []
        const note = (what: string) => noting(log, what)
        const own = (options: { middleware: readonly Middleware[] }) =>
          route(Give, { aggregate: aggregateOf(Savings), identity: 'to', handle: () => decided([], { card: 0 }), ...options })
        const inner = module({
          name: 'inner',
          middleware: [note('part')],
          commandHandlers: withMiddleware(
            [note('group')],
            withMiddleware([note('group in it')], [own({ middleware: [note('route')] })]),
          ),
        })
        const outer = module({
          name: 'outer',
          aggregates: [Savings],
          middleware: [note('module'), forCommands([Deposit], note('deposits'))],
          modules: [inner],
        })
        const app = await start([outer], { middleware: [note('application')] })
        await app.dispatch(new Give({ to: account }), { middleware: [note('dispatch')] })
        const order = ['application', 'module', 'part', 'group', 'group in it', 'route', 'dispatch']
        expect(log.splice(0)).toEqual([...order.map((one) => `before ${one}`), ...order.reverse().map((one) => `after ${one}`)])
        await app.dispatch(deposit())
        expect(log.splice(0).filter((line) => line.startsWith('before'))).toEqual([
          'before application',
          'before module',
          'before deposits',
        ])
        await app.dispatch(new Look({ account }))
        expect(log.filter((line) => line.startsWith('before'))).toEqual(['before application', 'before module'])
      })

      it('of a module is around nothing but its own commands', async () => {
        const log: string[] = []
        const guarded = { ...presents, middleware: [noting(log, 'presents')] }
        const app = await start([savings, guarded])
        await app.dispatch(deposit())
        expect(log).toEqual([])
        await app.dispatch(new Give({ to: account }))
        expect(log).toEqual(['before presents', 'after presents'])
        const idle = module({ name: 'idle', middleware: [noting(log, 'nothing')] })
        await expect(start([savings, idle])).rejects.toMatchObject({ code: 'invalid-option', option: 'middleware' })
      })

      it('may add metadata, and say who it is', async () => {
        const app = await start([savings], {
          middleware: [
            (dispatch, next) => {
              dispatch.actor = 'ann'
              dispatch.tenant = 'acme'
              dispatch.metadata = { ...dispatch.metadata, channel: 'web' }
              return next()
            },
          ],
        })
        await app.dispatch(deposit(), { metadata: { ip: '::1' } })
        expect(await metadataIn(app)).toMatchObject([{ actor: 'ann', tenant: 'acme', user: { channel: 'web', ip: '::1' } }])
      })

      it('may halt a command, and nothing is stored', async () => {
        const closed: Middleware = () => Promise.reject(new Error('closed'))
        const app = await start([savings], { middleware: [closed] })
        await expect(app.dispatch(deposit())).rejects.toThrow('closed')
        expect(await eventsIn(app)).toEqual([])
      })

      it('may answer a command itself, and nothing is stored', async () => {
        const known: Middleware = async ({ commandId, stream }) => ({
          commandId,
          stream,
          version: 7,
          position: 7,
          result: { balance: 7 },
        })
        const app = await start([savings], { middleware: [known] })
        expect(await app.dispatch(deposit())).toMatchObject({ version: 7, result: { balance: 7 } })
        expect(await eventsIn(app)).toEqual([])
      })
    })

    describe('a dispatch may say', () => {
      it('commandId: a repetition is answered as the first time', async () => {
        const app = await start()
        const first = await app.dispatch(deposit(), { commandId: `id ${account}` })
        expect(first.commandId).toBe(`id ${account}`)
        expect(await app.dispatch(deposit(), { commandId: `id ${account}` })).toEqual(first)
        expect((await eventsIn(app)).length).toBe(1)
      })

      it('idempotencyKey: the same by another name', async () => {
        const app = await start()
        const first = await app.dispatch(deposit(), { idempotencyKey: `key ${account}` })
        expect(await app.dispatch(deposit(), { commandId: `key ${account}` })).toEqual(first)
      })

      it('causationId, correlationId, actor, tenant, trace and metadata: its events have them', async () => {
        const app = await start()
        const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
        const said = { correlationId: 'request-1', actor: 'ann', tenant: 'acme', trace }
        const { commandId } = await app.dispatch(deposit(), { ...said, causationId: 'cause', metadata: { ip: '::1' } })
        expect(await metadataIn(app)).toEqual([
          { ...said, causationId: commandId, commandCausationId: 'cause', user: { ip: '::1' } },
        ])
      })

      it('timeout: beyond it, an error says that nothing was stored', async () => {
        const app = await start([
          savings,
          {
            name: 'slow',
            commandHandlers: [
              route(Give, { aggregate: aggregateOf(Savings), identity: 'to', handle: () => new Promise(() => {}) }),
            ],
          },
        ])
        await expect(app.dispatch(new Give({ to: account }), { timeout: 20 })).rejects.toMatchObject({
          code: 'command-timeout',
          mayBeCommitted: false,
        })
        expect(await app.dispatch(deposit())).toMatchObject({ version: 1 })
      })

      it('timeout: beyond it, an error says that it may be stored, and the same id finds out', async () => {
        const app = await start()
        await app.dispatch(deposit())
        const { store } = app
        const append = store.append.bind(store)
        let letGo = () => {}
        const held = new Promise<void>((resolve) => {
          letGo = resolve
        })
        store.append = async (given) => {
          await held
          return append(given)
        }
        const commandId = `late ${account}`
        await expect(app.dispatch(deposit(), { timeout: 1_000, commandId })).rejects.toMatchObject({
          code: 'command-timeout',
          mayBeCommitted: true,
        })
        letGo()
        expect(await app.dispatch(deposit(), { commandId })).toMatchObject({ version: 2 })
        expect((await eventsIn(app)).length).toBe(2)
      })

      it('consistency: whether nobody, all strong handlers, or those named have seen its events', async () => {
        const app = await start([savings, module({ name: 'seers', eventHandlers: [Seer] })])
        const seer = app.get(Seer)
        for (const consistency of ['strong', ['seer']] as const) {
          const { seen } = seer
          await app.dispatch(deposit(), { consistency })
          expect(seer.seen).toBeGreaterThan(seen)
        }
        let letGo = () => {}
        seer.stuck = new Promise((resolve) => {
          letGo = resolve
        })
        expect(await app.dispatch(deposit(), { consistency: 'eventual' })).toMatchObject({ version: 3 })
        letGo()
      })

      it('consistency: when that takes too long, an error says that it is stored, where, and who has not seen it', async () => {
        const app = await start([savings, module({ name: 'seers', eventHandlers: [Seer] })])
        const seer = app.get(Seer)
        let letGo = () => {}
        seer.stuck = new Promise((resolve) => {
          letGo = resolve
        })
        const late = app.dispatch(deposit(), { consistency: 'strong', timeout: 2_000 })
        const { position } = await late.then(
          () => ({ position: 0 }),
          (error: { code: string; position: number }) => {
            expect(error).toMatchObject({ code: 'committed-not-yet-visible' })
            return error
          },
        )
        letGo()
        expect(await eventsIn(app)).toMatchObject([{ position }])
      })

      it('retries: how many conflicts it takes, 10 unless it says otherwise', async () => {
        const app = await start()
        const { store } = app
        const rival = open()
        await rival.start()
        const append = store.append.bind(store)
        let conflicts = 0
        store.append = async (given) => {
          // Somebody else is always first.
          conflicts++
          await rival.append({
            ...given,
            events: given.events.map((event) => ({ ...event, id: crypto.randomUUID() })),
            expectedVersion: 'any',
          })
          return append(given)
        }
        await expect(app.dispatch(deposit())).rejects.toMatchObject({ code: 'too-many-conflicts', conflicts: 11 })
        expect(conflicts).toBe(11)
        await expect(app.dispatch(deposit(), { retries: 2 })).rejects.toMatchObject({
          code: 'too-many-conflicts',
          conflicts: 3,
        })
        await rival.stop()
      })

      it('returning: nothing, the version, the result, the events, or the state', async () => {
        const app = await start()
        const reply = (returning: NonNullable<DispatchOptions['returning']>) =>
          app.dispatch(deposit(), { returning }).then((answer) => answer as object)
        expect(Object.keys(await reply('nothing'))).toEqual(['commandId'])
        expect(Object.keys(await reply('result'))).toEqual(['commandId', 'result'])
        expect(Object.keys(await reply('version'))).toEqual(['commandId', 'stream', 'version', 'position', 'result'])
        expect(await reply('events')).toMatchObject({
          stream: `savings-${account}`,
          version: 4,
          events: [{ type: 'savings-deposited', version: 4, data: { amount: 1 } }],
        })
        const { state, ...rest } = await app.dispatch(deposit(), { returning: { state: Savings } })
        expect([rest, state.balance]).toMatchObject([{ version: 5, result: { balance: 5 } }, 5])
      })

      it('middleware of its own', async () => {
        const app = await start()
        const halting: Middleware = () => Promise.reject(new Error('not this one'))
        await expect(app.dispatch(deposit(), { middleware: [halting] })).rejects.toThrow('not this one')
        expect(await app.dispatch(deposit())).toMatchObject({ version: 1 })
      })

      it('store: it is decided on what another store holds, and stored there alone', async () => {
        const app = await start()
        const elsewhere = inMemoryEventStore()
        await elsewhere.start()
        for (const balance of [2, 4]) {
          const reply = await app.dispatch(deposit(2), { store: elsewhere, returning: { state: Savings } })
          expect(reply).toMatchObject({ result: { balance }, state: { balance } })
        }
        expect([(await eventsIn(app)).length, (await eventsIn({ store: elsewhere })).length]).toEqual([0, 2])
        expect(await app.dispatch(deposit(), { store: app.store })).toMatchObject({ version: 1, result: { balance: 1 } })
        const once = { store: elsewhere, commandId: `there ${account}` }
        expect(await app.dispatch(deposit(), once)).toEqual(await app.dispatch(deposit(), once))
        const strong = app.dispatch(deposit(), { store: elsewhere, consistency: 'strong' })
        await expect(strong).rejects.toMatchObject({ code: 'invalid-option', option: 'consistency' })
        await app.stop()
        expect(await elsewhere.head()).toMatchObject({ position: 3 })
      })
    })

    it('a timeout is 30 seconds unless the application says otherwise, and each dispatch may say otherwise still', async () => {
      const stuck = route(Give, { aggregate: aggregateOf(Savings), identity: 'to', handle: () => new Promise(() => {}) })
      const timeoutOf = async (dispatch: ApplicationOptions['dispatch'] = {}, options: DispatchOptions = {}) => {
        let ahead = 0
        const runtime = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() + ahead }
        const app = await start([savings, { name: 'stuck', commandHandlers: [stuck] }], { dispatch, runtime })
        const late = app.dispatch(new Give({ to: account }), options).then(
          () => undefined,
          (error: { code: string; timeout: number }) => error,
        )
        ahead = 60_000
        const error = await late
        expect(error).toMatchObject({ code: 'command-timeout', mayBeCommitted: false })
        return error!.timeout
      }
      expect(await timeoutOf()).toBe(30_000)
      expect(await timeoutOf({ timeout: 20_000 })).toBe(20_000)
      expect(await timeoutOf({ timeout: 20_000 }, { timeout: 10_000 })).toBe(10_000)
    })

    it('an application may say how many conflicts its dispatches take, and each dispatch may say otherwise', async () => {
      const app = await start([savings], { dispatch: { retries: 3 } })
      const rival = await start()
      const append = app.store.append.bind(app.store)
      app.store.append = async (given) => {
        // Somebody else is always first.
        await rival.dispatch(deposit())
        return append(given)
      }
      const conflicts = (expected: number) => ({ code: 'too-many-conflicts', conflicts: expected })
      await expect(app.dispatch(deposit())).rejects.toMatchObject(conflicts(4))
      await expect(app.dispatch(deposit(), { retries: 0 })).rejects.toMatchObject(conflicts(1))
    })

    it('an application has defaults for its dispatches, and each dispatch may say otherwise', async () => {
      const app = await start([savings, module({ name: 'seers', eventHandlers: [Seer] })], {
        dispatch: {
          consistency: 'strong',
          timeout: 20_000,
          retries: 3,
          actor: 'robot',
          tenant: 'acme',
          metadata: { region: 'eu', plan: 'a' },
        },
      })
      await app.dispatch(deposit())
      expect(app.get(Seer).seen).toBeGreaterThan(0)
      await app.dispatch(deposit(), { consistency: 'eventual', actor: 'ann', tenant: 'other', metadata: { region: 'us' } })
      expect(await metadataIn(app)).toMatchObject([
        { actor: 'robot', tenant: 'acme', user: { region: 'eu', plan: 'a' } },
        // Metadata is merged key by key; of anything else what the dispatch says takes the default's place.
        { actor: 'ann', tenant: 'other', user: { region: 'us', plan: 'a' } },
      ])
    })

    it('a handler hands on what its event says: correlation, actor, tenant, trace; the event is the cause', async () => {
      const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
      const mine = account
      let app: Application | undefined
      const bonus = eventHandler({
        name: 'bonus',
        startFrom: 'current',
        on: [
          on(Deposited, async ({ account, amount }, { event }) => {
            if (account !== mine || amount < 100) return
            await app!.dispatch(new Deposit({ account, amount: 1 }), { ...causedBy(event), commandId: `bonus ${event.id}` })
          }),
        ],
      })
      app = await start([savings, module({ name: 'bonuses', eventHandlers: [bonus] })])
      const said = { correlationId: 'request', actor: 'ann', tenant: 'acme', trace }
      await app.dispatch(deposit(100), said)
      await app.settled()
      const [first] = await eventsIn(app)
      expect(await metadataIn(app)).toEqual([
        { ...said, causationId: expect.any(String) },
        { ...said, causationId: `bonus ${first!.id}`, commandCausationId: first!.id, causationDepth: 1 },
      ])
    })
  })
}
