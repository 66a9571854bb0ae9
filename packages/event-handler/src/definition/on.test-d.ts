import type { Class } from '@writ/event-store'
import { Deposited, Withdrawn } from '../../test/bank-events.js'
import {
  EventHandler,
  eventHandler,
  type HandlerContext,
  On,
  on,
  Projection,
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
