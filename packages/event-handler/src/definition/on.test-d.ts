import type { Class } from '@writ/event-store'
import { Deposited, Withdrawn } from '../../test/bank-events.js'
import {
  type BatchContext,
  EventHandler,
  eventHandler,
  type HandlerContext,
  On,
  OnBatch,
  on,
  onBatch,
  Projection,
  type ProjectionBatchContext,
  type ProjectionContext,
  projection,
} from '../index.js'

interface Sql {
  readonly sql: (text: string) => Promise<void>
}

@EventHandler({ name: 'right' })
export class Right {
  @On(Deposited)
  deposited(_event: Deposited) {}

  @On(Withdrawn)
  async withdrawn(_event: Withdrawn, _context: HandlerContext) {}

  helper(_text: string, _more: number) {}
}

@Projection({ name: 'right' })
export class RightProjection {
  setUp(_transaction: Sql) {}

  @On(Deposited)
  async deposited(_event: Deposited, { sql, event }: ProjectionContext<Sql>) {
    await sql(event.id)
  }
}

export class WrongEvent {
  // @ts-expect-error the parameter is another event than the one that @On names, though their shapes are equal
  @On(Deposited)
  deposited(_event: Withdrawn) {}
}

// @ts-expect-error an event handler gets no transaction
@EventHandler({ name: 'wants-sql' })
export class WantsSql {
  @On(Deposited)
  deposited(_event: Deposited, _context: ProjectionContext<Sql>) {}
}

// @ts-expect-error an event handler gets no transaction
eventHandler({ name: 'wants-sql', on: [on(Deposited, (_event, { sql }: ProjectionContext<Sql>) => sql(''))] })

projection<Sql>({ name: 'right', on: [on(Deposited, (event, { sql, attempt }) => sql(`${event.amount} ${attempt}`))] })

// @ts-expect-error a class that is no event
on(Date as Class<Date>, () => {})

@EventHandler({ name: 'batches', batch: { size: 100, within: 50 } })
export class RightBatches {
  @OnBatch(Deposited, Withdrawn)
  moved(_events: readonly (Deposited | Withdrawn)[], { events }: BatchContext) {
    return events[0]?.position
  }
}

@Projection({ name: 'batches' })
export class RightProjectionOfBatches {
  @OnBatch(Deposited)
  async moved(events: readonly Deposited[], { sql, events: [recorded] }: ProjectionBatchContext<Sql>) {
    await sql(`${events.length} ${recorded?.id}`)
  }
}

export class WrongBatches {
  // @ts-expect-error it takes only one of the events that @OnBatch names
  @OnBatch(Deposited, Withdrawn)
  some(_events: readonly Deposited[]) {}

  // @ts-expect-error the parameter is another event than the one that @OnBatch names, though their shapes are equal
  @OnBatch(Deposited)
  other(_events: readonly Withdrawn[]) {}

  // @ts-expect-error a batch is a list
  @OnBatch(Deposited)
  single(_event: Deposited) {}

  // @ts-expect-error a batch of nothing
  @OnBatch()
  nothing(_events: readonly Deposited[]) {}
}

// @ts-expect-error an event handler gets no transaction
@EventHandler({ name: 'wants-sql' })
export class BatchWantsSql {
  @OnBatch(Deposited)
  deposited(_events: readonly Deposited[], _context: ProjectionBatchContext<Sql>) {}
}

eventHandler({
  name: 'right',
  onBatch: onBatch([Deposited, Withdrawn], (events, { events: [first] }) => `${events[0]?.amount} ${first?.id}`),
})

// @ts-expect-error an event handler gets no transaction
eventHandler({ name: 'wants-sql', onBatch: onBatch([Deposited], (_events, { sql }: ProjectionBatchContext<Sql>) => sql('')) })

projection<Sql>({
  name: 'right',
  onBatch: onBatch([Deposited], (events, { sql }: ProjectionBatchContext<Sql>) => sql(`${events.length}`)),
})

eventHandler<{ count: number }>({
  name: 'right',
  state: () => ({ count: 0 }),
  on: [on(Deposited, (_, { state }) => state.count++)],
})

eventHandler({
  name: 'right',
  state: () => new Map<string, number>(),
  on: [on(Deposited, ({ account, amount }, { state }: HandlerContext<Map<string, number>>) => state.set(account, amount))],
})

eventHandler({
  name: 'wrong',
  state: () => new Set<string>(),
  // @ts-expect-error a handler that wants another state than the one that is made
  on: [on(Deposited, (_, { state }: HandlerContext<Map<string, number>>) => state.clear())],
})

eventHandler({
  name: 'wrong',
  // @ts-expect-error a handler that wants a state where none is made
  on: [on(Deposited, (_, { state }: HandlerContext<Map<string, number>>) => state.clear())],
})

projection<Sql>({ name: 'right', on: [], beforeReset: ({ sql, to, subscription }) => sql(`${subscription} ${to}`) })
