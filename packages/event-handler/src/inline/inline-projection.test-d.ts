import { Deposited } from '../../test/bank-events.js'
import { type InlineContext, InlineProjection, inlineProjection, On, on, type ProjectionContext } from '../index.js'
import type { MethodsThatWantAPosition } from './inline-projection.js'

interface Sql {
  readonly sql: (text: string) => Promise<void>
}

@InlineProjection({ name: 'right' })
export class Right {
  setUp(_transaction: Sql) {}

  @On(Deposited)
  async deposited(_event: Deposited, { sql, event: { version } }: InlineContext<Sql>) {
    await sql(`${version}`)
  }
}

export class WantsAPosition {
  @On(Deposited)
  // @ts-expect-error an event has no position before it is stored
  deposited(_event: Deposited, { event: { position } }: InlineContext<Sql>) {
    return position
  }
}

// The compiler's message says which method it is.
type WantsAContextOfAnotherKind = { deposited(event: Deposited, context: ProjectionContext<Sql>): void }
const method: MethodsThatWantAPosition<WantsAContextOfAnotherKind> = 'deposited'
void method

// @ts-expect-error the context of another kind of projection, with a position
@InlineProjection({ name: 'wrong' })
export class Wrong {
  @On(Deposited)
  deposited(_event: Deposited, _context: ProjectionContext<Sql>) {}
}

inlineProjection<Sql>({ name: 'right', on: [on(Deposited, (_event, { sql }: InlineContext<Sql>) => sql(''))] })
