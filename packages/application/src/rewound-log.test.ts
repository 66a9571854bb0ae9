import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { eventHandler, on } from '@writ/event-handler'
import { Command, Event } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { firstValueFrom } from 'rxjs'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

class Counted extends Event('counted', z.object({ counter: z.string() })) {}
class Count extends Command('count', z.object({ counter: z.string() })) {}

@Aggregate({ category: 'counter', identity: 'counter' })
class Counter {
  total = 0

  @Handle(Count)
  count({ counter }: Count) {
    return new Counted({ counter })
  }

  @Apply(Counted)
  counted() {
    this.total++
  }
}

const count = new Count({ counter: 'a' })

describe('An application whose log is rewound', () => {
  it('says so to everyone who asks it for something, and in its health', async () => {
    const log = new InMemoryLog()
    const seer = eventHandler({ name: 'seer', consistency: 'strong', on: [on(Counted, () => {})] })
    const counting = module({ name: 'counting', aggregates: [Counter], eventHandlers: [seer] })
    const app = await Application.create({ store: inMemoryEventStore({ log }), modules: [counting] })
    await app.start()
    await app.dispatch(count, { consistency: 'strong' })
    const { position } = await app.dispatch(count, { consistency: 'strong' })
    log.rewind(1)

    const rewound = { code: 'log-rewound', lastKnown: { position }, found: { head: 1 } }
    await expect(app.dispatch(count)).rejects.toMatchObject(rewound)
    await expect(app.waitFor(position)).rejects.toMatchObject(rewound)
    await expect(app.stateOf(Counter, 'a')).rejects.toMatchObject(rewound)
    await expect(app.settled()).rejects.toMatchObject(rewound)
    await expect(firstValueFrom(app.events({ after: position }))).rejects.toMatchObject(rewound)
    expect(await app.health()).toMatchObject({
      status: 'down',
      store: { status: 'down', error: expect.stringContaining('reached position 2 and ends at 1') },
      subscriptions: [{ name: 'seer', state: 'stopped', error: { code: 'log-rewound' } }],
    })
    await app.stop()
  })
})
