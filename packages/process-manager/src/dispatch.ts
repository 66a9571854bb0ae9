import type { AnyCommand, InheritedMetadata } from '@writ/event-store'

/**
 * Hands a command to its handler: `CommandRouter.dispatch`, or something like it. It must answer a repeated id as the first time.
 *
 * It rejects with a DomainError when the command is refused; any other error leaves the command open.
 */
export type Dispatch = (command: AnyCommand, options: ProcessDispatch) => Promise<{ readonly position: number }>

export interface ProcessDispatch extends InheritedMetadata {
  readonly commandId: string
  readonly causationId: string
  /** How many events, each the cause of the next, led to the command. */
  readonly causationDepth: number
}
