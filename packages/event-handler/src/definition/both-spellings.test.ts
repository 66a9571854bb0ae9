import { until } from '@writ/build-tools'
import { append, Deposited, deposited, Withdrawn, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import type { TestTransaction } from '../../test/troubled-store.js'
import {
  EventHandler,
  eventHandler,
  eventHandlerOf,
  type HandlerContext,
  On,
  on,
  Projection,
  type ProjectionContext,
  projection,
  projectionOf,
} from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const seen: string[] = []
beforeEach(() => seen.splice(0))

@EventHandler({ name: 'mails', consistency: 'strong' })
class Mails {
  private readonly sign = '-'

  @On(Deposited)
  deposited(event: Deposited) {
    seen.push(`+${event.amount}`)
  }

  @On(Withdrawn)
  async withdrawn(event: Withdrawn, { event: { position }, subscription, attempt }: HandlerContext) {
    seen.push(`${this.sign}${event.amount} at ${position}, ${subscription}, ${attempt}`)
  }
}

const mails = eventHandler({
  name: 'mails',
  consistency: 'strong',
  on: [
    on(Deposited, ({ amount }) => {
      seen.push(`+${amount}`)
    }),
    on(Withdrawn, async ({ amount }, { event: { position }, subscription, attempt }) => {
      seen.push(`-${amount} at ${position}, ${subscription}, ${attempt}`)
    }),
  ],
})

@Projection({ name: 'ledger', version: 2 })
class Ledger {
  private readonly title = 'ledger'

  setUp({ write }: TestTransaction) {
    write(`${this.title} is set up`)
  }

  @On(Deposited)
  async deposited(event: Deposited, { write, event: { position }, subscription }: ProjectionContext<TestTransaction>) {
    write(`+${event.amount} at ${position}, ${subscription}`)
  }

  @On(Withdrawn)
  withdrawn(event: Withdrawn, { write }: ProjectionContext<TestTransaction>) {
    write(`-${event.amount}`)
  }
}

const ledger = projection<TestTransaction>({
  name: 'ledger',
  version: 2,
  setUp: ({ write }) => write('ledger is set up'),
  on: [
    on(Deposited, async ({ amount }, { write, event: { position }, subscription }) => {
      write(`+${amount} at ${position}, ${subscription}`)
    }),
    on(Withdrawn, ({ amount }, { write }) => write(`-${amount}`)),
  ],
})

describe.each([
  ['a class', () => eventHandlerOf(Mails, () => new Mails())],
  ['a value', () => mails],
])('an event handler as %s', (_, definition) => {
  it('is handed its events with their context', async () => {
    const { store } = await running.start([definition()])
    await append(store, deposited(1), withdrawn(2))
    await until('both were handled', () => seen.length === 2)
    expect(seen).toEqual(['+1', '-2 at 2, mails, 1'])
  })

  it('says what it is', () => {
    expect(definition()).toMatchObject({
      kind: 'event-handler',
      name: 'mails',
      consistency: 'strong',
      startFrom: 'origin',
      events: [Deposited, Withdrawn],
    })
  })
})

describe.each([
  ['a class', () => projectionOf(Ledger, () => new Ledger())],
  ['a value', () => ledger],
])('a projection as %s', (_, definition) => {
  it('is set up, and writes in the transaction of its checkpoint', async () => {
    const { store, written } = await running.start([definition()])
    await append(store, deposited(1), withdrawn(2))
    await until('both were handled', () => written.length === 3)
    expect(written).toEqual(['ledger is set up', '+1 at 1, ledger@2', '-2'])
    expect((await store.checkpoints.list('ledger@2'))[0]).toMatchObject({ checkpoint: 2 })
  })

  it('says what it is', () => {
    expect(definition()).toMatchObject({
      kind: 'projection',
      name: 'ledger@2',
      consistency: 'eventual',
      events: [Deposited, Withdrawn],
    })
  })
})
