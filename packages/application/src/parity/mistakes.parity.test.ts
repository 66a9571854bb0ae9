// What goes wrong in a domain, and in how it is written down: each is an error with a code, which says what to mend, before anything is
// written; and the process stays healthy.
import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import { Aggregate, Apply, aggregate, Handle } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { EventHandler, On } from '@writ/event-handler'
import { type AnyCommand, type AnyEvent, Command, Event, systemRuntime, upcaster } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { ProcessManager, Start } from '@writ/process-manager'
import { inject } from 'inversify'
import { z } from 'zod'
import { Application, type Module, module } from '../index.js'

const box = z.string()
class Opened extends Event('box-opened', z.object({ box })) {}
class Painted extends Event('box-painted', z.object({ box })) {}
class OpenBox extends Command('open-box', z.object({ box })) {}
class OpenBoxes extends Command('open-boxes', z.object({ box })) {}

@Aggregate({ category: 'box', identity: 'box' })
class Box {
  opened = 0

  @Handle(OpenBox)
  open({ box }: OpenBox) {
    return new Opened({ box })
  }

  @Apply(Opened)
  wasOpened(_event: Opened) {
    this.opened++
  }
}
const boxes = module({ name: 'boxes', aggregates: [Box] })

/** The compiler refuses it as well; this stands for code that it has not seen. */
const unchecked = (value: unknown) => value as never
const create = (...modules: readonly Module[]) => Application.create({ store: inMemoryEventStore(), modules })

/** An aggregate whose one command decides, and whose one event is applied, in a way of one's own. */
const boxWith = (decide: (box: string) => unknown, apply: (state: { opened: number }, event: AnyEvent) => unknown) =>
  module({
    name: 'boxes',
    aggregates: [
      aggregate({
        category: 'box',
        identity: 'box',
        commands: [OpenBox],
        events: [Opened],
        initialState: { opened: 0 },
        decide: { 'open-box': unchecked((_state: object, { box }: OpenBox) => decide(box)) },
        evolve: { 'box-opened': unchecked(apply) },
      }),
    ],
  })
const opens = (box: string) => new Opened({ box })
const counts = ({ opened }: { opened: number }) => ({ opened: opened + 1 })

describe('before anything starts, it is an error', () => {
  const problem = (...modules: readonly Module[]) => expect(create(...modules)).rejects

  it('that a promised command has no handler', async () => {
    await problem(boxes, module({ name: 'more', commands: [OpenBoxes] })).toMatchObject({
      code: 'missing-command-handler',
      command: 'open-boxes',
    })
  })

  it('that a command has two handlers: both are named', async () => {
    @CommandHandler(OpenBox, { aggregate: Box })
    class OpenBoxHandler {
      handle(_box: Box, { box }: OpenBox) {
        return new Opened({ box })
      }
    }
    await problem(boxes, module({ name: 'more', commandHandlers: [OpenBoxHandler] })).toMatchObject({
      code: 'duplicate-route',
      handlers: ['Box.open', 'OpenBoxHandler.handle'],
    })
  })

  it('that a command lacks its identity', async () => {
    class Shake extends Command('shake', z.object({ force: z.int() })) {}
    const Parcels = Aggregate({ category: 'parcel', identity: 'parcel' }) as unknown as ClassDecorator
    @Parcels
    class Parcel {
      @Handle(Shake)
      shake(_command: Shake) {}
    }
    await problem(module({ name: 'parcels', aggregates: [Parcel] })).toMatchObject({
      code: 'invalid-aggregate',
      message: expect.stringContaining("Shake has no field 'parcel'"),
    })
  })

  it('that an event is applied asynchronously', async () => {
    const Later = Apply(Opened) as unknown as MethodDecorator
    @Aggregate({ category: 'box', identity: 'box' })
    class LateBox {
      @Later
      async opened(_event: Opened) {}
    }
    await problem(module({ name: 'late', aggregates: [LateBox] })).toMatchObject({
      code: 'async-apply',
      aggregate: 'LateBox',
      eventType: 'box-opened',
    })
  })

  it('that applying looks at the clock, or makes something up', async () => {
    const applies = [
      () => ({ opened: Date.now() }),
      () => ({ opened: new Date().getDay() }),
      () => ({ opened: performance.now() }),
      () => ({ opened: Math.random() }),
    ]
    for (const apply of applies)
      expect(() => boxWith(opens, apply)).toThrow(expect.objectContaining({ code: 'impure-apply', eventType: 'box-opened' }))
    // A time that the event holds is none of the clock's, and what is only said is not done.
    boxWith(opens, () => ({ opened: new Date(0).getTime() /* not Date.now() */ + 'Math.random()'.length }))
    @Aggregate({ category: 'box', identity: 'box' })
    class DatedBox {
      at = new Date()

      @Apply(Opened)
      opened(_event: Opened) {
        this.at = new Date()
      }
    }
    await problem(module({ name: 'dated', aggregates: [DatedBox] })).toMatchObject({
      code: 'impure-apply',
      aggregate: 'DatedBox',
      what: 'looks at the clock',
    })
  })

  it('that two event classes have one type: both are named', async () => {
    class AlsoOpened extends Event('box-opened', z.object({ crate: z.string() })) {}
    await problem(boxes, module({ name: 'more', events: [AlsoOpened] })).toMatchObject({
      code: 'duplicate-event-type',
      classNames: ['Opened', 'AlsoOpened'],
    })
  })

  it('that two subscriptions have one name: both are named', async () => {
    @EventHandler({ name: 'watcher' })
    class Watcher {
      @On(Opened)
      opened(_event: Opened) {}
    }
    @EventHandler({ name: 'watcher' })
    class OtherWatcher {
      @On(Opened)
      opened(_event: Opened) {}
    }
    await problem(boxes, module({ name: 'watchers', eventHandlers: [Watcher, OtherWatcher] })).toMatchObject({
      code: 'duplicate-name',
      culprits: ['class Watcher', 'class OtherWatcher'],
    })
  })

  it('that a chain of upcasters has a gap', async () => {
    class Closed extends Event('box-closed', z.object({ box }), { schemaVersion: 3 }) {}
    const fromOne = upcaster({
      from: { type: 'box-closed', schemaVersion: 1 },
      to: { type: 'box-closed', schemaVersion: 2 },
      upcast: () => ({}),
    })
    await problem({ ...boxes, events: [Closed], upcasters: [fromOne] }).toMatchObject({
      code: 'upcaster-gap',
      message: expect.stringContaining('box-closed'),
    })
  })

  it('that upcasters go in a circle', async () => {
    const [one, two] = ['one', 'two'].map((type) => ({ type, schemaVersion: 1 })) as [typeof Opened, typeof Opened]
    const there = upcaster({ from: one, to: two, upcast: unchecked(() => ({})) })
    const back = upcaster({ from: two, to: one, upcast: unchecked(() => ({})) })
    await problem({ ...boxes, upcasters: [there, back] }).toMatchObject({ code: 'upcaster-loop' })
  })

  it('that a process manager does not say which process an event belongs to', async () => {
    const Uncorrelated = ProcessManager({ name: 'opening' } as never) as unknown as ClassDecorator
    @Uncorrelated
    class Opening {
      @Start(Opened)
      opened(_event: Opened) {}
    }
    await problem(boxes, module({ name: 'processes', processManagers: [Opening] })).toMatchObject({
      code: 'invalid-process-manager',
      message: expect.stringContaining('correlate'),
    })
  })

  it('that decorators were compiled in the wrong mode', () => {
    const standard = Aggregate({ category: 'box', identity: 'box' }) as unknown as (target: unknown, context: unknown) => void
    expect(() => standard(Box, { kind: 'class', name: 'Box' })).toThrow(
      expect.objectContaining({ code: 'wrong-decorator-mode', message: expect.stringContaining('experimentalDecorators') }),
    )
  })

  it('that injection goes in a circle, which is printed', async () => {
    const other = Symbol('Second')
    class First {
      constructor(@inject(other) readonly second: object) {}
    }
    class Second {
      constructor(@inject(First) readonly first: First) {}
    }
    @EventHandler({ name: 'watcher' })
    class Watcher {
      constructor(@inject(First) readonly first: First) {}
      @On(Opened)
      opened(_event: Opened) {}
    }
    const circular = module({
      name: 'watchers',
      eventHandlers: [Watcher],
      bindings: (container) => {
        container.bind(First).toSelf()
        container.bind(other).to(Second)
      },
    })
    await problem(boxes, circular).toMatchObject({
      code: 'circular-injection',
      cycle: expect.arrayContaining(['First']),
      message: expect.stringContaining(' → '),
    })
  })
})

describe('at work, it is an error, and nothing is stored,', () => {
  const closeLater = closingAfterEach()
  const start = async (...modules: readonly Module[]) => {
    const app = await create(...modules)
    closeLater(() => app.stop())
    await app.start()
    return app
  }
  /** Refused with these facts, it leaves nothing behind; and the application goes on. */
  const expectRefused = async (app: Application, command: AnyCommand, facts: object) => {
    const { position } = await app.store.head()
    await expect(app.dispatch(command)).rejects.toMatchObject(facts)
    expect((await app.store.head()).position).toBe(position)
    expect(await app.health()).toMatchObject({ status: 'up' })
  }
  const openBox = new OpenBox({ box: 'a' })

  it('that a command is not known: the nearest one is named', async () => {
    await expectRefused(await start(boxes), new OpenBoxes({ box: 'a' }), {
      code: 'unknown-command',
      message: expect.stringContaining("'open-box'"),
    })
  })

  it('that a command does not say which aggregate is meant', async () => {
    await expectRefused(await start(boxes), new OpenBox({ box: '' }), { code: 'missing-identity', commandType: 'open-box' })
  })

  const appendTo = (app: Application, type: string) =>
    app.store.append({
      stream: 'box-a',
      events: [{ id: systemRuntime.uuid(), type, schemaVersion: 1, data: '{"box":"a"}', metadata: '{}', tags: [] }],
    })

  it('that a stream holds an event of an unknown type: its position is named', async () => {
    const app = await start(boxes)
    const { position } = await appendTo(app, 'box-burnt')
    await expectRefused(app, openBox, { code: 'unknown-event-type', position, message: expect.stringContaining('box-burnt') })
  })

  it('that a stream holds an event that its aggregate does not declare: its position is named', async () => {
    const app = await start({ ...boxes, events: [Painted] })
    const { position } = await appendTo(app, 'box-painted')
    await expectRefused(app, openBox, { code: 'undeclared-event', position, eventType: 'box-painted' })
  })

  it('that applying answers with a promise', async () => {
    await expectRefused(await start(boxWith(opens, async (state: { opened: number }) => state)), openBox, { code: 'async-apply' })
  })

  it('that applying changes a frozen state', async () => {
    const changing = (state: { opened: number }) => {
      state.opened++
      return state
    }
    await expectRefused(await start(boxWith(opens, changing)), openBox, {
      code: 'apply-failed',
      cause: expect.any(TypeError),
      message: expect.stringContaining('read only'),
    })
  })

  it('that a handler changes the state', async () => {
    @Aggregate({ category: 'box', identity: 'box' })
    class HastyBox extends Box {
      @Handle(OpenBox)
      override open({ box }: OpenBox) {
        this.opened++
        return new Opened({ box })
      }
    }
    const app = await start(module({ name: 'hasty', aggregates: [HastyBox] }))
    await expectRefused(app, openBox, { name: 'TypeError', message: expect.stringContaining('read only') })
  })

  it('that applying throws', async () => {
    const failing = () => {
      throw new RangeError('no room')
    }
    const app = await start(boxWith(opens, failing))
    await expectRefused(app, openBox, { code: 'apply-failed', eventType: 'box-opened', position: undefined })
    const other = await start(boxWith(opens, failing))
    const { position } = await appendTo(other, 'box-opened')
    await expectRefused(other, openBox, { code: 'apply-failed', position, message: expect.stringContaining('no room') })
  })

  it('that applying dispatches a command', async () => {
    let app: Application | undefined
    const dispatching = (state: { opened: number }) => {
      void app!.dispatch(new OpenBox({ box: 'b' }))
      return counts(state)
    }
    app = await start(boxWith(opens, dispatching))
    await expectRefused(app, openBox, {
      code: 'impure-apply',
      eventType: 'box-opened',
      what: 'dispatches a command',
      message: expect.stringContaining('event handler'),
    })
  })

  it.each<[string, unknown]>([
    ['a plain object', { box: 'a' }],
    ['text', 'opened'],
    ['null', null],
    ['a list with a number', [5]],
    ['a command', new OpenBox({ box: 'a' })],
    ['an event that the aggregate does not declare', new Painted({ box: 'a' })],
  ])('that a handler answers with %s', async (_, answer) => {
    await expectRefused(await start(boxWith(() => answer, counts)), openBox, {
      code: 'invalid-decision',
      handler: "box.decide['open-box']",
    })
  })
})
