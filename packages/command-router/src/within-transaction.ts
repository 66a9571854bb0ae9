import { type AnyCommand, type AnyEvent, type ResultOf, refuseUnknownOptions } from '@writ/event-store'
import { checkDispatchOptions, type DispatchOptions } from './dispatch-options.js'
import type { Reply, ReturningState } from './reply.js'

/** What a dispatch within a transaction may say; retries and consistency are those of the transaction. */
export type WithinOptions<R extends ReturningState = ReturningState> = {
  /** The state after the command, too. */
  readonly returning?: R
} & Pick<
  DispatchOptions,
  | 'commandId'
  | 'idempotencyKey'
  | 'fingerprint'
  | 'metadata'
  | 'correlationId'
  | 'causationId'
  | 'causationDepth'
  | 'actor'
  | 'tenant'
  | 'trace'
  | 'middleware'
>

const known: Record<keyof WithinOptions, true> = {
  commandId: true,
  idempotencyKey: true,
  fingerprint: true,
  metadata: true,
  correlationId: true,
  causationId: true,
  causationDepth: true,
  actor: true,
  tenant: true,
  trace: true,
  middleware: true,
  returning: true,
}

/**
 * What a command comes to if the transaction is committed. Nothing of it is stored yet: tell nobody outside of it. There is no position
 * before the commit.
 */
export type Provisional<C extends AnyCommand = AnyCommand, R extends ReturningState = never> = [R] extends [never]
  ? Decided<C>
  : Decided<C> & Pick<Reply<C, R>, 'state'>

interface Decided<C extends AnyCommand> {
  readonly commandId: string
  readonly stream: string
  /** The stream's version after the command; 0 where nobody has looked: a handler without an aggregate does not. */
  readonly version: number
  /** What the command declares as its result. */
  readonly result: ResultOf<C>
  /** What was decided: instances, not recorded yet. */
  readonly events: readonly AnyEvent[]
}

/** @throws InvalidOptionError */
export function checkWithinOptions(options: WithinOptions): void {
  refuseUnknownOptions('dispatch within a transaction', options, Object.keys(known))
  checkDispatchOptions(options, 'dispatch within a transaction')
}
