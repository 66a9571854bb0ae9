import { Command, Event, EventTypes, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { Aggregate, Aggregates, Apply, aggregateOf, Handle } from '../index.js'

class Noted extends Event('noted', z.object({ list: z.string() })) {}
class Note extends Command('note', z.object({ list: z.string(), how: z.string() })) {}

type How = 'field' | 'list' | 'map' | 'set' | 'object' | 'nothing'

function changing() {
  @Aggregate({ category: 'list', identity: 'list' })
  class List {
    count = 0
    lines: string[] = []
    byName = new Map<string, { lines: number }>([['a', { lines: 0 }]])
    names = new Set<string>()

    @Handle(Note)
    note({ list, how }: Note) {
      this.change(how as How)
      return new Noted({ list })
    }

    @Apply(Noted)
    noted(_event: Noted) {
      this.count++
      this.lines.push('line')
      this.byName.set('b', { lines: this.count })
      this.names.add('b')
    }

    private change(how: How) {
      if (how === 'field') this.count = 5
      if (how === 'list') this.lines.push('changed')
      if (how === 'map') this.byName.set('changed', { lines: 1 })
      if (how === 'set') this.names.add('changed')
      if (how === 'object') this.byName.get('a')!.lines = 7
    }
  }
  return aggregateOf(List)
}

describe('a handler that changes the state on which it decides', () => {
  async function notes(...hows: How[]) {
    const store = inMemoryEventStore()
    await store.start()
    const aggregates = new Aggregates({ store, events: new EventTypes([Noted]) })
    const list = changing()
    const execute = (how: How) =>
      aggregates.execute({
        aggregate: list,
        stream: 'list-1',
        command: new Note({ list: '1', how }),
        commandId: systemRuntime.uuid(),
        metadata: { correlationId: 'a', causationId: 'a' },
        decide: list.decide.get('note')!,
        retries: 0,
      })
    const settled = await Promise.allSettled(hows.map(execute))
    const { state, version } = await aggregates.stateOf(list, '1')
    return { settled, state, version }
  }

  it.each(['field', 'list', 'object'] as const)('fails with a TypeError, and nothing of it stays: %s', async (how) => {
    const { settled, state, version } = await notes('nothing', how, 'nothing', how)
    expect(settled.map((each) => (each.status === 'fulfilled' ? 'stored' : each.reason.name))).toEqual([
      'stored',
      'TypeError',
      'stored',
      'TypeError',
    ])
    expect({ state, version }).toMatchObject({ version: 2, state: { count: 2, lines: ['line', 'line'] } })
  })

  it.each(['map', 'set'] as const)('is told so where it is a %s, and nothing of it stays', async (how) => {
    const { settled, state, version } = await notes('nothing', how)
    expect(settled[1]).toMatchObject({ reason: { code: 'state-changed', aggregate: 'List' } })
    expect(version).toBe(1)
    expect(state).toMatchObject({ count: 1, names: new Set(['b']) })
  })

  it('may be one that changes nothing, as often as it likes', async () => {
    const { version, state } = await notes(...Array.from({ length: 300 }, () => 'nothing' as const))
    expect(version).toBe(300)
    expect(state).toMatchObject({ count: 300 })
  })
})
