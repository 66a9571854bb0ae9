import type { Class } from '@writ/event-store'
import { Deposited, Withdrawn } from '../../test/bank-events.js'
import { EventHandler, eventHandler, eventHandlerOf, On, on, Projection, projection, projectionOf } from '../index.js'

const instance = () => ({})

describe('the definition of a subscription', () => {
  it('refuses two handlers for one event and names both', () => {
    @EventHandler({ name: 'twice' })
    class Twice {
      @On(Deposited)
      first(_event: Deposited) {}
      @On(Deposited)
      second(_event: Deposited) {}
    }
    expect(() => eventHandlerOf(Twice, instance)).toThrow(
      expect.objectContaining({
        code: 'duplicate-handler',
        event: 'deposited',
        handlers: ['first', 'second'],
        source: 'class Twice',
      }),
    )
    expect(() => eventHandler({ name: 'twice', on: [on(Deposited, () => {}), on(Deposited, () => {})] })).toThrow(
      expect.objectContaining({ code: 'duplicate-handler' }),
    )
  })

  it('refuses a class without @On methods', () => {
    @Projection({ name: 'empty' })
    class Empty {}
    expect(() => projectionOf(Empty, instance)).toThrow(
      expect.objectContaining({ code: 'invalid-subscription', source: 'class Empty' }),
    )
    expect(() => projection({ name: 'empty', on: [] })).toThrow(expect.objectContaining({ code: 'invalid-subscription' }))
  })

  it('refuses a class without its decorator, and names a decorated one above it', () => {
    @EventHandler({ name: 'parent' })
    class Parent {
      @On(Deposited)
      deposited(_event: Deposited) {}
    }
    class Child extends Parent {}
    class Stranger {}
    expect(() => eventHandlerOf(Child, instance)).toThrow(
      expect.objectContaining({ code: 'not-decorated', decoratedParent: 'Parent' }),
    )
    expect(() => eventHandlerOf(Stranger, instance)).toThrow(
      expect.objectContaining({ code: 'not-decorated', decoratedParent: undefined }),
    )
    expect(() => projectionOf(Parent, instance)).toThrow(
      expect.objectContaining({ code: 'not-decorated', decorator: '@Projection' }),
    )
  })

  it('lets a decorated class inherit and override methods', async () => {
    const calls: string[] = []
    abstract class Base {
      @On(Deposited)
      deposited(_event: Deposited) {
        calls.push('base deposited')
      }
      @On(Withdrawn)
      withdrawn(_event: Withdrawn) {
        calls.push('base withdrawn')
      }
    }
    @EventHandler({ name: 'own' })
    class Own extends Base {
      @On(Deposited)
      override deposited(_event: Deposited) {
        calls.push('own deposited')
      }
    }
    const { handlers } = eventHandlerOf(Own, () => new Own())
    for (const handle of handlers.values()) handle(undefined as never, undefined as never)
    expect(calls.sort()).toEqual(['base withdrawn', 'own deposited'])
  })

  it('refuses decorators in the standard mode', () => {
    const standard = { kind: 'class', name: 'X' } as never
    const apply = (decorator: unknown) => () => (decorator as (value: unknown, context: unknown) => void)(class X {}, standard)
    for (const decorator of [EventHandler({ name: 'x' }), Projection({ name: 'x' }), On(Deposited)]) {
      expect(apply(decorator)).toThrow(expect.objectContaining({ code: 'wrong-decorator-mode' }))
    }
  })

  it('refuses what is not an event class, as in a circular import', () => {
    const missing = undefined as unknown as Class<Deposited>
    expect(() => on(missing, () => {})).toThrow(
      expect.objectContaining({ code: 'invalid-subscription', why: expect.stringContaining('circular import') }),
    )
  })

  it.each([
    ['an empty name', { name: '' }, 'name'],
    ['a name with a version', { name: 'balances@1' }, 'name'],
    ['a name of 201 letters', { name: 'n'.repeat(201) }, 'name'],
    ['an unknown consistency', { name: 'n', consistency: 'eventually' }, 'consistency'],
    ['a negative start', { name: 'n', startFrom: -1 }, 'startFrom'],
    ['a policy that is no function', { name: 'n', onError: 'skip' }, 'onError'],
    ['a checkpoint that is a number', { name: 'n', checkpoint: 5 }, "'checkpoint' must be { events, within }"],
    ['an unknown option of a checkpoint', { name: 'n', checkpoint: { evnts: 1 } }, "'evnts' is unknown"],
    ['a batch that is a number', { name: 'n', batch: 500 }, "'batch' must be { size, within }"],
    ['an unknown option of a batch', { name: 'n', batch: { sise: 500 } }, "'sise' is unknown"],
    ['an unknown option', { name: 'n', consistancy: 'strong' }, "'consistency' may be meant"],
  ])('refuses %s', (_, options, why) => {
    expect(() => eventHandler({ ...(options as { name: string }), on: [on(Deposited, () => {})] })).toThrow(
      expect.objectContaining({ code: 'invalid-subscription', why: expect.stringContaining(why) }),
    )
  })

  it('refuses a version that is no positive integer', () => {
    for (const version of [0, 1.5, '1' as unknown as number]) {
      expect(() => projection({ name: 'n', version, on: [on(Deposited, () => {})] })).toThrow(
        expect.objectContaining({ code: 'invalid-subscription', why: expect.stringContaining('version') }),
      )
    }
  })
})
