import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import { aggregate, boundary, inSteps } from '@writ/aggregate'
import { commandHandler, type DispatchContext, type Middleware, route, withMiddleware } from '@writ/command-router'
import { eventHandler, liveProjection, on } from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Application, type ApplicationOptions, type ApplicationTransaction, type Module, module } from '../index.js'

const Move = z.object({ account: z.string(), amount: z.int() })
class Deposit extends Command('deposit', Move) {}
class Deposited extends Event('deposited', Move) {}
const turnover = liveProjection({
  name: 'turnover',
  events: [Deposited],
  initialState: () => 0,
  evolve: { deposited: (sum) => sum + 1 },
})
class Unlisted extends Event('unlisted', Move) {}

const purse = {
  category: 'purse',
  identity: 'account',
  commands: [Deposit],
  events: [Deposited],
  initialState: { balance: 0 },
  decide: { deposit: (_state: object, command: Deposit) => new Deposited(command) },
  evolve: { deposited: ({ balance }: { balance: number }, { amount }: Deposited) => ({ balance: balance + amount }) },
} as const
const purses = aggregate(purse)
const deposit = new Deposit({ account: 'ann', amount: 1 })
const deposits = boundary({
  events: [Deposited],
  matching: (_command: Deposit) => ({}),
  initialState: () => 0,
  evolve: { deposited: (count) => count + 1 },
})

/** What nobody's types would allow, as JavaScript, a cast, or an import that goes in a circle hands it over. */
const wrong = (value: unknown) => value as never

describe('what the compiler would have refused', () => {
  const closeLater = closingAfterEach()
  const create = (options: object = {}, own: Partial<Module> = { aggregates: [purses] }) =>
    Application.create({
      store: inMemoryEventStore(),
      modules: [module({ name: 'bank', ...own })],
      ...options,
    } as ApplicationOptions)
  const start = async (own?: Partial<Module>) => {
    const app = await create({}, own)
    closeLater(() => app.stop())
    await app.start()
    return app
  }
  const stored = async (app: Application) => (await app.store.head()).position

  describe('is refused when an application is created:', () => {
    it.each<[string, object]>([
      ['aggregates', { aggregates: [undefined] }],
      ['aggregates', { aggregates: purses }],
      ['commandHandlers', { commandHandlers: [{}] }],
      ['eventHandlers', { eventHandlers: [null] }],
      ['projections', { projections: [{}] }],
      ['processManagers', { processManagers: ['x'] }],
      ['commands', { commands: [Deposited] }],
      ['events', { events: [Deposit] }],
      ['middleware', { middleware: [5] }],
      ['modules', { modules: [null] }],
      ['modules', { modules: [{}] }],
      ['bindings', { bindings: 5 }],
      ['bindings', { bindings: async () => {} }],
    ])('%s of a module, as in %j', async (option, own) => {
      await expect(create({}, own)).rejects.toMatchObject({ code: 'invalid-option', option, subject: "module 'bank'" })
    })

    it('a module that has itself in it', async () => {
      const modules: Module[] = []
      const around = { name: 'around', modules }
      modules.push({ name: 'inside', modules: [around] })
      await expect(create({ modules: [around] })).rejects.toMatchObject({ code: 'invalid-option', option: 'modules' })
    })

    it.each<[string, object]>([
      ['store', { store: { append() {} } }],
      ['modules', { modules: [undefined] }],
      ['causationLimit', { causationLimit: '5' }],
      ['stopTimeout', { stopTimeout: 1e12 }],
      ['subscriptions.leaseMilliseconds', { subscriptions: { leaseMilliseconds: 1e12 } }],
      ['subscriptions.checkpoint.within', { subscriptions: { checkpoint: { within: '5' } } }],
      ['dispatch.options', { dispatch: [] }],
      ['dispatch.metadata', { dispatch: { metadata: { at: new Date() } } }],
    ])('%s', async (option, options) => {
      await expect(create(options)).rejects.toMatchObject({ code: 'invalid-option', option })
    })

    it('no options at all', async () => {
      for (const none of [undefined, null, [], 'x'])
        await expect(Application.create(wrong(none))).rejects.toMatchObject({ code: 'invalid-option', option: 'options' })
    })

    it('handlers to wait for by default that nobody has; in a branch, those are waited for that run there', async () => {
      await expect(create({ dispatch: { consistency: ['sen'] } })).rejects.toMatchObject({
        code: 'unknown-handler',
        handler: 'sen',
      })
      const seen = eventHandler({ name: 'seen', on: [on(Deposited, () => {})] })
      const app = await create({ dispatch: { consistency: ['seen'] } }, { aggregates: [purses], eventHandlers: [seen] })
      closeLater(() => app.stop())
      await app.start()
      await app.dispatch(deposit)
      const { app: branch } = await app.branch()
      expect(await branch.dispatch(deposit)).toMatchObject({ version: 2 })
    })
  })

  describe('is refused where aggregates, routes and boundaries are written down:', () => {
    it.each<[string, () => unknown, object]>([
      ['no functions', () => aggregate(wrong({ ...purse, decide: undefined })), { code: 'invalid-aggregate' }],
      ['what is no function', () => aggregate(wrong({ ...purse, decide: { deposit: 5 } })), { code: 'invalid-aggregate' }],
      ['no events', () => aggregate(wrong({ ...purse, events: undefined })), { code: 'invalid-aggregate' }],
      ['nothing', () => aggregate(wrong(undefined)), { code: 'invalid-option', option: 'options' }],
      ['no command', () => route(wrong(undefined), wrong({ aggregate: purses })), { code: 'invalid-command-handler' }],
      ['no aggregate', () => route(Deposit, wrong({ aggregate: undefined })), { code: 'invalid-command-handler' }],
      [
        'a class',
        () => route(Deposit, wrong({ aggregate: class Purse {} })),
        { code: 'invalid-command-handler', message: expect.stringContaining('aggregateOf(Purse)') },
      ],
      ['handle', () => route(Deposit, wrong({ aggregate: purses, handle: 5 })), { code: 'invalid-option', option: 'handle' }],
      [
        'boundary',
        () => route(Deposit, wrong({ aggregate: purses, boundary: {} })),
        { code: 'invalid-option', option: 'boundary' },
      ],
      ['prefix', () => route(Deposit, wrong({ aggregate: purses, prefix: 5 })), { code: 'invalid-option', option: 'prefix' }],
      ['middleware', () => withMiddleware(wrong([5]), []), { code: 'invalid-option', option: 'middleware' }],
      [
        'matching',
        () => boundary(wrong({ ...deposits, matching: 5, initialState: () => 0, evolve: {} })),
        { code: 'invalid-option' },
      ],
      [
        'matching that is none',
        () => boundary(wrong({ events: [Deposited], matching: 5, initialState: () => 0, evolve: { deposited: () => 0 } })),
        { code: 'invalid-boundary' },
      ],
    ])('%s', (_, write, error) => {
      expect(write).toThrow(expect.objectContaining(error))
    })
  })

  describe('is refused when a command is dispatched, and nothing is stored:', () => {
    it.each<[string, unknown]>([
      ['options', null],
      ['options', []],
      ['options', 5],
      ['store', { store: { append() {} } }],
      ['trace', { trace: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 5 } }],
      ['trace', { trace: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, other: 'x' } }],
    ])('%s, as in %j', async (option, options) => {
      const app = await start()
      await expect(app.dispatch(deposit, wrong(options))).rejects.toMatchObject({ code: 'invalid-option', option })
      await expect(app.transaction(({ dispatch }) => dispatch(deposit, wrong(options)))).rejects.toMatchObject({
        code: 'invalid-option',
      })
      expect(await stored(app)).toBe(0)
    })

    it.each<[keyof DispatchContext, unknown]>([
      ['actor', 5],
      ['tenant', ''],
      ['trace', { traceparent: 'x' }],
      ['metadata', 'x'],
    ])('what middleware sets as %s: %j', async (option, value) => {
      const app = await start()
      const sets: Middleware = (context, next) => {
        Object.assign(context, { [option]: value })
        return next()
      }
      await expect(app.dispatch(deposit, { middleware: [sets] })).rejects.toMatchObject({ code: 'invalid-option', option })
      const within = app.transaction(({ dispatch }) => dispatch(deposit, { middleware: [sets] }))
      await expect(within).rejects.toMatchObject({ code: 'invalid-option', option })
      expect(await stored(app)).toBe(0)
    })

    it('a boundary’s function that gives no query', async () => {
      for (const given of [undefined, null, 'x', Promise.resolve({ types: ['deposited'] })]) {
        const app = await start({ commandHandlers: [route(Deposit, { aggregate: purses, boundary: () => wrong(given) })] })
        await expect(app.dispatch(deposit)).rejects.toMatchObject({ code: 'invalid-boundary' })
        expect(await stored(app)).toBe(0)
      }
    })

    it('a stream whose name is Writ’s own', async () => {
      const options = { stream: () => '$mine', events: [Deposited], handle: (command: Deposit) => new Deposited(command) }
      const app = await start({ commandHandlers: [commandHandler(Deposit, options)] })
      await expect(app.dispatch(deposit)).rejects.toMatchObject({ code: 'invalid-stream-name', stream: '$mine' })
      expect(await stored(app)).toBe(0)
    })
  })

  it('is told when a middleware gives no answer, and whether the command may be stored', async () => {
    const app = await start()
    const forgets: Middleware = async (_context, next) => wrong(void (await next()))
    await expect(app.dispatch(deposit, { middleware: [forgets], returning: 'nothing' })).rejects.toMatchObject({
      code: 'missing-answer',
      mayBeCommitted: true,
    })
    expect(await stored(app)).toBe(1)
    const halts: Middleware = async () => wrong(undefined)
    await expect(app.dispatch(deposit, { middleware: [halts] })).rejects.toMatchObject({
      code: 'missing-answer',
      mayBeCommitted: false,
    })
    expect(await stored(app)).toBe(1)
  })

  it('lets a step be called anything', async () => {
    const decide = {
      deposit: (state: object, command: Deposit) =>
        inSteps(state)
          .step('constructor', () => new Deposited(command))
          .step('__proto__', (_state, { constructor: before }) => {
            expect(before).toHaveLength(1)
            return new Deposited(command)
          }),
    }
    const app = await start({ aggregates: [aggregate({ ...purse, decide: wrong(decide) })] })
    expect(await app.dispatch(deposit)).toMatchObject({ version: 2 })
  })

  it.each<[string, (app: Application) => unknown]>([
    ['position', (app) => app.waitFor(Number.NaN)],
    ['position', (app) => app.waitFor(-1)],
    ['timeout', (app) => app.waitFor(0, { timeout: Number.POSITIVE_INFINITY })],
    ['handlers', (app) => app.waitFor(0, { handlers: wrong('strong') })],
    ['options', (app) => app.waitFor(0, wrong(null))],
    ['position', (app) => app.positionToken(wrong('1'))],
    ['timeout', (app) => app.settled({ timeout: wrong('5') })],
    ['at', (app) => app.branch({ at: wrong({ position: 1, date: new Date() }) })],
    ['at', (app) => app.branch({ at: wrong({}) })],
    ['processManagers', (app) => app.branch({ processManagers: wrong('no') })],
    ['run', (app) => app.branch({ run: wrong('seen') })],
    ['modules', (app) => app.branch({ modules: wrong('bank') })],
    ['types', (app) => app.events({ types: [Unlisted] })],
    ['types', (app) => app.events({ types: wrong('deposited') })],
    ['signals', (app) => app.stopOnSignals({ signals: [wrong('SIGNONE')] })],
    ['work', (app) => app.transaction(wrong(undefined))],
    ['work', (app) => app.readModel('balances', wrong(null))],
    ['projection', (app) => app.live(wrong(null))],
    ['version', (app) => app.live(turnover, { at: wrong({ version: 1 }) })],
    ['at', (app) => app.live(turnover, { at: wrong({}) })],
    ['projection', (app) => app.live(wrong({}))],
  ])('is refused where something is asked of an application: its %s, as in %s', async (option, ask) => {
    const app = await start()
    await expect((async () => ask(app))()).rejects.toMatchObject({ code: 'invalid-option', option })
  })

  it('is refused where a handler or a projection is asked for, and none is named', async () => {
    const app = await start()
    for (const none of [undefined, null, {}]) {
      expect(() => app.parked(wrong(none))).toThrow(expect.objectContaining({ code: 'unknown-handler' }))
      await expect(app.subscriptions.pause(wrong(none))).rejects.toMatchObject({ code: 'unknown-handler' })
      await expect(app.readModel(wrong(none), () => 0)).rejects.toMatchObject({ code: 'unknown-projection' })
    }
  })

  it('is refused where the state of no aggregate is asked for', async () => {
    const app = await start()
    for (const none of [undefined, null, {}])
      await expect(app.stateOf(wrong(none), 'ann')).rejects.toMatchObject({ code: 'invalid-aggregate' })
  })

  it('is refused where the state or the history of an aggregate is asked for that no module lists', async () => {
    const app = await start()
    const unlisted = aggregate({ ...purse, category: 'purses' })
    const refused = { code: 'unknown-aggregate', aggregate: 'purses', message: expect.stringContaining("is 'purse'") }
    await expect(app.stateOf(unlisted, 'ann')).rejects.toMatchObject(refused)
    expect(() => app.historyOf(unlisted, 'ann')).toThrow(expect.objectContaining(refused))
    // The same as another value is another one, even where it would read the same streams.
    const same = { code: 'unknown-aggregate', message: expect.stringContaining('another one of that name') }
    await expect(app.stateOf(aggregate(purse), 'ann')).rejects.toMatchObject(same)
  })

  it('is not, where only the handler of a command names the aggregate', async () => {
    const app = await start({ commandHandlers: [route(Deposit, { aggregate: purses })] })
    expect(await app.stateOf(purses, 'ann')).toMatchObject({ version: 0, state: { balance: 0 } })
  })

  it.each<[string, (transaction: ApplicationTransaction<object>) => void]>([
    ['invalid-option', ({ append }) => append('notes-1', new Deposited(deposit), wrong({ expectedversion: 0 }))],
    ['invalid-option', ({ append }) => append('notes-1', new Deposited(deposit), wrong(null))],
    ['invalid-append', ({ append }) => append('$notes', new Deposited(deposit))],
    ['invalid-stream-name', ({ append }) => append(wrong(5), new Deposited(deposit))],
  ])('is refused as %s where a transaction appends', async (code, append) => {
    const app = await start()
    await expect(app.transaction(async (transaction) => append(transaction))).rejects.toMatchObject({ code })
    expect(await stored(app)).toBe(0)
  })
})
