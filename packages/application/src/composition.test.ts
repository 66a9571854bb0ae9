import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { EventHandler, On } from '@writ/event-handler'
import { Command, Event, type WritError } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { inject, injectable } from 'inversify'
import { z } from 'zod'
import { Application } from './application.js'
import { type InvalidApplicationError, UnresolvableClassError } from './errors.js'
import { type Module, module } from './module.js'

class Opened extends Event('opened', z.object({ box: z.string() })) {}
class OpenBox extends Command('open-box', z.object({ box: z.string() })) {}
class CloseBox extends Command('close-box', z.object({ box: z.string() })) {}

@Aggregate({ category: 'box', identity: 'box' })
class Box {
  isOpen = false

  @Handle(OpenBox)
  open({ box }: OpenBox) {
    return new Opened({ box })
  }

  @Apply(Opened)
  opened(_event: Opened) {
    this.isOpen = true
  }
}

@CommandHandler(OpenBox, { aggregate: Box })
class OpenBoxHandler {
  handle(_box: Box, { box }: OpenBox) {
    return new Opened({ box })
  }
}

@EventHandler({ name: 'watcher' })
class Watcher {
  @On(Opened)
  opened(_event: Opened) {}
}

@EventHandler({ name: 'watcher' })
class SecondWatcher {
  @On(Opened)
  opened(_event: Opened) {}
}

const create = (...modules: Module[]) => Application.create({ store: inMemoryEventStore(), modules })

async function problemOf(...modules: Module[]): Promise<WritError> {
  return create(...modules).then(
    () => {
      throw new Error('it was accepted')
    },
    (error: WritError) => error,
  )
}

describe('before anything starts, an application', () => {
  it('accepts what is right', async () => {
    await expect(
      create(module({ name: 'boxes', aggregates: [Box], eventHandlers: [Watcher], commands: [OpenBox] })),
    ).resolves.toBeInstanceOf(Application)
  })

  it('refuses two handlers for one command and names both', async () => {
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Box], commandHandlers: [OpenBoxHandler] }))
    expect(problem.code).toBe('duplicate-route')
    expect(problem.message).toContain('Box')
    expect(problem.message).toContain('OpenBoxHandler')
  })

  it('refuses a promised command that nothing handles and names it with its module', async () => {
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Box], commands: [OpenBox, CloseBox] }))
    expect(problem).toMatchObject({ code: 'missing-command-handler', command: 'close-box', moduleName: 'boxes' })
  })

  it('refuses two subscriptions with one name and names both classes', async () => {
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Box], eventHandlers: [Watcher, SecondWatcher] }))
    expect(problem).toMatchObject({
      code: 'duplicate-name',
      duplicated: 'watcher',
      culprits: ['class Watcher', 'class SecondWatcher'],
    })
  })

  it('refuses two modules with one name', async () => {
    const problem = await problemOf(module({ name: 'boxes' }), module({ name: 'boxes' }))
    expect(problem).toMatchObject({ code: 'duplicate-name', what: 'module', duplicated: 'boxes' })
  })

  it('refuses two aggregates of one category and names both', async () => {
    @Aggregate({ category: 'box', identity: 'box' })
    class Crate {
      @Handle(CloseBox)
      close(_command: CloseBox) {}
    }
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Box, Crate] }))
    expect(problem).toMatchObject({
      code: 'duplicate-name',
      what: 'aggregate category',
      duplicated: 'box',
      culprits: ['Box', 'Crate'],
    })
  })

  it('refuses two event classes of one type and names both', async () => {
    class AlsoOpened extends Event('opened', z.object({ crate: z.string() })) {}
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Box], events: [AlsoOpened] }))
    expect(problem).toMatchObject({ code: 'duplicate-event-type', classNames: ['Opened', 'AlsoOpened'] })
  })

  it('refuses an aggregate whose command lacks the identity and names the command and the field', async () => {
    class Shake extends Command('shake', z.object({ force: z.int() })) {}
    // The compiler refuses it as well; this stands for code that it has not seen.
    const unchecked = Aggregate({ category: 'parcel', identity: 'parcel' }) as unknown as ClassDecorator
    @unchecked
    class Parcel {
      @Handle(Shake)
      shake(_command: Shake) {}
    }
    const problem = await problemOf(module({ name: 'parcels', aggregates: [Parcel] }))
    expect(problem.code).toBe('invalid-aggregate')
    expect(problem.message).toContain('Shake')
    expect(problem.message).toContain('parcel')
  })

  it('refuses a decorator that was compiled in the wrong mode and says which one is right', () => {
    const standardDecorator = Aggregate({ category: 'box', identity: 'box' }) as unknown as (
      target: unknown,
      context: { kind: string },
    ) => void
    expect(() => standardDecorator(class Modern {}, { kind: 'class' })).toThrow(/experimentalDecorators/)
  })

  it('refuses a class that is not decorated and names it', async () => {
    class Plain {}
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Plain] }))
    expect(problem.message).toContain('Plain')
    expect(problem.message).toContain('@Aggregate')
  })

  it('prints the circle of a circular injection', async () => {
    const first = Symbol.for('First')
    const second = Symbol.for('Second')
    @injectable()
    class First {
      constructor(@inject(second) readonly other: object) {}
    }
    @injectable()
    class Second {
      constructor(@inject(first) readonly other: object) {}
    }
    @EventHandler({ name: 'dizzy' })
    class Dizzy {
      constructor(@inject(first) readonly other: object) {}
      @On(Opened)
      opened(_event: Opened) {}
    }
    const problem = await problemOf(
      module({
        name: 'boxes',
        eventHandlers: [Dizzy],
        bindings: (container) => {
          container.bind(first).to(First)
          container.bind(second).to(Second)
        },
      }),
    )
    expect(problem).toBeInstanceOf(UnresolvableClassError)
    expect(problem).toMatchObject({ code: 'circular-injection', className: 'Dizzy' })
    expect((problem as UnresolvableClassError).cycle.join(' ')).toMatch(/First.*Second.*First/)
  })

  it('refuses a class that wants something injected that nobody bound, and names both', async () => {
    class Clock {
      constructor(readonly zone: string) {}
    }
    @EventHandler({ name: 'timed' })
    class Timed {
      constructor(@inject(Clock) readonly clock: Clock) {}
      @On(Opened)
      opened(_event: Opened) {}
    }
    const problem = await problemOf(module({ name: 'boxes', eventHandlers: [Timed] }))
    expect(problem).toMatchObject({ code: 'unresolvable-class', className: 'Timed' })
    expect(problem.message).toContain('Clock')
  })

  it('refuses a constructor that does not say what is to be injected, and says how to', async () => {
    class Clock {}
    @EventHandler({ name: 'timed' })
    class Timed {
      constructor(readonly clock: Clock) {}
      @On(Opened)
      opened(_event: Opened) {}
    }
    const problem = await problemOf(module({ name: 'boxes', eventHandlers: [Timed] }))
    expect(problem).toMatchObject({ code: 'unresolvable-class', className: 'Timed' })
    expect(problem.message).toContain('give each parameter an @inject(…)')
  })

  it('refuses a class that two modules list, and says to list it once', async () => {
    const problem = await problemOf(module({ name: 'boxes', aggregates: [Box] }), module({ name: 'more', aggregates: [Box] }))
    expect(problem).toMatchObject({ code: 'duplicate-name', culprits: ['Box', 'Box'] })
    expect(problem.message).toContain('List it once')
  })

  it('tells of two classes of one event type once, in however many places they are listed', async () => {
    class AlsoOpened extends Event('opened', z.object({ crate: z.string() })) {}
    const problem = await problemOf(
      module({ name: 'boxes', aggregates: [Box], events: [AlsoOpened, Opened] }),
      module({ name: 'more', eventHandlers: [Watcher], events: [AlsoOpened] }),
    )
    expect(problem).toMatchObject({ code: 'duplicate-event-type', classNames: ['Opened', 'AlsoOpened'] })
  })

  it('refuses a subclass that would silently get undefined for what its base has injected', async () => {
    class Base {
      constructor(@inject('clock') readonly clock: object) {}
    }
    @EventHandler({ name: 'forgetful' })
    class Forgetful extends Base {
      @On(Opened)
      opened(_event: Opened) {}
    }
    const problem = await problemOf(
      module({
        name: 'boxes',
        eventHandlers: [Forgetful],
        bindings: (container) => void container.bind('clock').toConstantValue({}),
      }),
    )
    expect(problem).toMatchObject({ code: 'unresolvable-class', className: 'Forgetful' })
    expect(problem.message).toContain('@injectFromBase()')
  })

  it('tells all problems at once', async () => {
    const problem = await problemOf(
      module({ name: 'boxes', aggregates: [Box], eventHandlers: [Watcher, SecondWatcher], commands: [CloseBox] }),
    )
    expect(problem.code).toBe('invalid-application')
    const codes = (problem as InvalidApplicationError).problems.map((error) => (error as WritError).code)
    expect(codes).toEqual(['duplicate-name', 'missing-command-handler'])
  })

  it('refuses an unknown option and names the nearest one', async () => {
    const misspelt = { store: inMemoryEventStore(), modules: [], stopTimout: 5 } as never
    await expect(Application.create(misspelt)).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'stopTimout',
      message: expect.stringContaining("'stopTimeout'"),
    })
    const problem = await problemOf({ name: 'boxes', aggregate: [Box] } as never)
    expect(problem).toMatchObject({ code: 'invalid-option', message: expect.stringContaining("'aggregates'") })
  })

  it.each([
    ['store', { modules: [] }],
    ['modules', { store: inMemoryEventStore() }],
    ['name', { store: inMemoryEventStore(), modules: [], name: 'two words' }],
    ['stopTimeout', { store: inMemoryEventStore(), modules: [], stopTimeout: -1 }],
  ])('refuses a malformed %s', async (option, options) => {
    await expect(Application.create(options as never)).rejects.toMatchObject({ code: 'invalid-option', option })
  })
})
