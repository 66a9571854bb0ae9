import 'reflect-metadata'
import { type AggregateDefinition, aggregate } from '@writ/aggregate'
import { until } from '@writ/build-tools'
import { commandHandler, route } from '@writ/command-router'
import { eventHandler, inlineProjection, on, projection } from '@writ/event-handler'
import { Command, DomainError, Event, type EventStore } from '@writ/event-store'
import { z } from 'zod'
import { Application, type EventsTogether, module } from '../src/index.js'

const shape = z.object({ bell: z.string(), by: z.string() })
class Rang extends Event('rang', shape) {}
class Ring extends Command('ring', shape) {}
/** Its handler does what the test wants. */
class Peal extends Command('peal', shape) {}
/** The same without an aggregate. */
class Toll extends Command('toll', shape) {}

const bell = aggregate({
  category: 'bell',
  identity: 'bell',
  commands: [Ring],
  events: [Rang],
  initialState: { rings: 0 },
  decide: { ring: (_state, command) => new Rang(command) },
  evolve: { rang: ({ rings }) => ({ rings: rings + 1 }) },
})

interface Wanted {
  /** What the handlers of `Peal` and `Toll` do. */
  readonly peal?: (app: Application, command: Peal | Toll) => Promise<unknown>
  /** What the handlers of `Rang` do. */
  readonly rang?: (app: Application, event: Rang) => unknown
  readonly handlers?: 'event handler' | 'projection' | 'inline projection' | 'none'
}

/** What would wait for itself is told so at once, on every store. */
export function describeWaitsForItself(name: string, open: () => Promise<EventStore>): void {
  describe(`what would wait for itself, on ${name},`, () => {
    const apps: Application[] = []
    let last = 0
    afterEach(async () => {
      for (const app of apps.splice(0)) await app.stop()
    })

    async function begin({ peal = async () => {}, rang = () => {}, handlers = 'event handler' }: Wanted) {
      // A name of its own: several of these run on one log.
      const echo = `echo-${++last}`
      const started: { app?: Application } = {}
      const react = (event: Rang) => rang(started.app!, event)
      const reacting = {
        'event handler': { eventHandlers: [eventHandler({ name: echo, consistency: 'strong', on: [on(Rang, react)] })] },
        projection: { projections: [projection({ name: echo, consistency: 'strong', on: [on(Rang, react)] })] },
        'inline projection': { projections: [inlineProjection({ name: echo, on: [on(Rang, react)] })] },
        none: {},
      }[handlers]
      const onBell = route(Peal, {
        aggregate: bell as AggregateDefinition,
        handle: async (_state: unknown, command: Peal) => {
          await peal(started.app!, command)
          return new Rang(command)
        },
      })
      const alone = commandHandler(Toll, {
        stream: ({ bell: of }) => `toll-${of}`,
        events: [Rang],
        handle: async (command) => {
          await peal(started.app!, command)
          return new Rang(command)
        },
      })
      const modules = [module({ name: 'belfry', aggregates: [bell], commandHandlers: [onBell, alone], ...reacting })]
      const app = await Application.create({ store: await open(), modules })
      started.app = app
      apps.push(app)
      await app.start()
      const of = `b${last}`
      const rings = async (which = of) => (await app.stateOf(bell, which)).state.rings
      return { app, echo, of, rings, command: (by: string, which = of) => ({ bell: which, by }) }
    }

    const conflict = { code: 'conflicts-with-itself' }

    it.each([
      ['dispatches to', async ({ dispatch }: EventsTogether, command: Peal | Toll) => void (await dispatch(new Ring(command)))],
      [
        'appends to',
        async ({ append }: EventsTogether, command: Peal | Toll) => append(`bell-${command.bell}`, new Rang(command)),
      ],
    ])('a handler whose transaction %s its own stream: its own decision would never hold', async (_, work) => {
      let rounds = 0
      const { app, of, rings, command } = await begin({
        peal: async (app, command) => {
          rounds++
          if (command.by === 'ann') await app.transaction((transaction) => work(transaction, command))
        },
      })
      await expect(app.dispatch(new Peal(command('ann')))).rejects.toMatchObject({ ...conflict, stream: `bell-${of}` })
      expect([rounds, await rings()]).toEqual([1, 0])
      await app.dispatch(new Peal(command('bob')))
      expect(await rings()).toBe(1)
    })

    it('and through the handler of another command, which waits for the transaction', async () => {
      const told: unknown[] = []
      const { app, of, rings, command } = await begin({
        peal: async (app, { bell: on, by }) => {
          if (by === 'first') await app.dispatch(new Peal({ bell: `${on}-other`, by: 'second' }))
          if (by === 'second')
            await app
              .transaction(({ dispatch }) => dispatch(new Ring({ bell: on.replace('-other', ''), by })))
              .catch((error: unknown) => told.push(error))
        },
      })
      await app.dispatch(new Peal(command('first')))
      expect(told).toMatchObject([{ ...conflict, stream: `bell-${of}` }])
      expect([await rings(), await rings(`${of}-other`)]).toEqual([1, 1])
    })

    it('but not a transaction that writes elsewhere, nor one to the same stream beside it', async () => {
      const { app, of, rings, command } = await begin({
        peal: async (app, { bell: on }) => {
          await app.transaction(({ dispatch }) => dispatch(new Ring({ bell: `${on}-other`, by: 'x' })))
        },
      })
      await Promise.all([
        app.dispatch(new Peal(command('ann'))),
        app.transaction(({ dispatch }) => dispatch(new Ring(command('bob'))), { retries: 5 }),
      ])
      expect([await rings(), (await rings(`${of}-other`)) > 0]).toEqual([2, true])
    })

    it('a handler in a transaction that dispatches by that very transaction', async () => {
      let within: EventsTogether['dispatch'] | undefined
      const told: unknown[] = []
      const { app, of, rings, command } = await begin({
        peal: async (_, { bell: on, by }) => {
          const inner = within!(by === 'same' ? new Ring({ bell: on, by }) : new Ring({ bell: `${on}-other`, by }))
          await inner.catch((error: unknown) => told.push(error))
        },
      })
      await app.transaction(async ({ dispatch }) => {
        within = dispatch
        await dispatch(new Peal(command('same')))
        await dispatch(new Peal(command('other')))
        await dispatch(new Toll(command('same')))
        await dispatch(new Ring(command('last')))
      })
      const deadlock = { code: 'command-deadlock', commandType: 'ring', outer: `bell-${of}` }
      expect(told).toMatchObject([
        { ...deadlock, stream: `bell-${of}` },
        { ...deadlock, stream: `bell-${of}-other` },
        { ...deadlock, outer: `toll-${of}` },
      ])
      expect([await rings(), await rings(`${of}-other`)]).toEqual([3, 0])
    })

    const settled = (told: unknown[]) => async (app: Application) => {
      await app.settled({ timeout: 60_000 }).catch((error: unknown) => told.push(error))
    }

    it.each([
      ['event handler', "the handler 'echo-"],
      ['projection', "the handler 'echo-"],
      ['inline projection', "the inline projection 'echo-"],
    ] as const)('an application that is to settle within a handler of events (%s)', async (handlers, within) => {
      const told: { within: string }[] = []
      const { app, command } = await begin({ handlers, rang: settled(told) })
      await app.dispatch(new Ring(command('ann')))
      await app.settled()
      expect(told).toMatchObject([{ code: 'never-settled', within: expect.stringContaining(within) }])
    })

    it('within the handlers of commands, and the work of a transaction', async () => {
      const told: { within: string }[] = []
      const { app, of, command } = await begin({ handlers: 'none', peal: settled(told) })
      await app.dispatch(new Peal(command('ann')))
      await app.dispatch(new Toll(command('ann')))
      await app.transaction(() => settled(told)(app))
      await app.transaction(({ dispatch }) => dispatch(new Peal(command('ann'))))
      expect(told).toMatchObject([
        { code: 'never-settled', within: `the handler of a command to 'bell-${of}'` },
        { code: 'never-settled', within: `the handler of a command to 'toll-${of}'` },
        { code: 'never-settled', within: 'the work of a transaction' },
        { code: 'never-settled', within: 'the work of a transaction' },
      ])
      await app.settled()
    })

    it('but not one that settles within a handler of another application', async () => {
      const told: unknown[] = []
      const other = await begin({})
      await other.app.dispatch(new Ring(other.command('x')))
      const wait = () => settled(told)(other.app)
      const { app, command } = await begin({ peal: wait, rang: wait })
      await app.dispatch(new Peal(command('ann')), { consistency: 'strong' })
      expect(told).toEqual([])
    })

    it.each(['event handler', 'projection'] as const)(
      'a handler of events that dispatches and waits for itself, among the strong ones or by name, and nothing is stored (%s)',
      async (handlers) => {
        const told: unknown[] = []
        const note = (error: unknown) => void told.push(error)
        const { app, echo, rings, command } = await begin({
          handlers,
          rang: async (app, { by }) => {
            if (by !== 'ann') return
            for (const consistency of ['strong', [echo]] as const) {
              await app.dispatch(new Ring(command('bob')), { consistency, timeout: 60_000 }).catch(note)
              await app.transaction(({ dispatch }) => dispatch(new Ring(command('bob'))), { consistency }).catch(note)
            }
          },
        })
        await app.dispatch(new Ring(command('ann')), { consistency: 'strong' })
        const subscription = handlers === 'projection' ? `${echo}@1` : echo
        expect(told).toMatchObject(Array.from({ length: 4 }, () => ({ code: 'waits-for-itself', subscription })))
        expect(await rings()).toBe(1)
      },
    )

    it('an application settles when its transactions are done, too', async () => {
      const { app, rings, command } = await begin({})
      let goOn = () => {}
      const held = new Promise<void>((resolve) => (goOn = resolve))
      let isAtWork = false
      const transaction = app.transaction(async ({ dispatch }) => {
        isAtWork = true
        await held
        await dispatch(new Ring(command('ann')))
      })
      await until('it is at work', () => isAtWork)
      let hasSettled = false
      const settling = app.settled().then(() => (hasSettled = true))
      await app.dispatch(new Ring(command('bob', 'elsewhere')), { consistency: 'strong' })
      expect(hasSettled).toBe(false)
      goOn()
      await settling
      expect(await rings()).toBe(1)
      await transaction
      const refused = new DomainError('no', 'No.')
      const failing = app.transaction(() => Promise.reject(refused))
      await Promise.all([app.settled(), expect(failing).rejects.toBe(refused)])
    })
  })
}
