import type { AnyCommand, RecordedEvent, ResultOf } from '@writ/event-store'

/** How much a dispatch answers. */
export type Returning = 'version' | 'result' | 'events' | 'state' | 'nothing'

/** What a command came to, with everything that may be asked for. */
export interface Dispatched<Result = unknown> {
  readonly commandId: string
  readonly stream: string
  /** The stream's version after the command. */
  readonly version: number
  /** The position of the command's last event: whoever has seen the log up to here has seen what it did. */
  readonly position: number
  /** What the command declares as its result. */
  readonly result: Result
  /** With `returning: 'events'`. */
  readonly events?: readonly RecordedEvent[]
  /** With `returning: 'state'`. */
  readonly state?: unknown
}

type Everything<C extends AnyCommand> = Omit<Dispatched<ResultOf<C>>, 'events' | 'state'>

/** What `dispatch` answers: as much as was asked for, once it is stored. */
export type Reply<C extends AnyCommand = AnyCommand, R extends Returning = 'version'> = {
  version: Everything<C>
  result: Pick<Everything<C>, 'commandId' | 'result'>
  events: Everything<C> & { readonly events: readonly RecordedEvent[] }
  state: Everything<C> & { readonly state: unknown }
  nothing: Pick<Everything<C>, 'commandId'>
}[R]

export function replyOf(dispatched: Dispatched, returning: Returning): object {
  if (returning === 'nothing') return { commandId: dispatched.commandId }
  if (returning === 'result') return { commandId: dispatched.commandId, result: dispatched.result }
  return dispatched
}
