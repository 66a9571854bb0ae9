import type { AnyEvent, AppendCondition, DomainError, Json, NewEvent } from '@writ/event-store'
import type { CommandExecution, Executed } from './command-execution.js'
import { refusalBody } from './refusal-body.js'

const none: readonly never[] = Object.freeze([])

/** A command that has not been answered, and what has been decided on it so far. */
export class PendingCommand {
  /** Set once it is answered; it may still stand in a queue then. */
  settled = false
  /** How often other writers were first. */
  conflicts = 0
  /** Goes to the store by itself, because it went wrong together with others. */
  alone = false

  events: readonly AnyEvent[] = none
  newEvents: readonly NewEvent[] = none
  /** The declared result as JSON. */
  result: Json | undefined = undefined
  /** The declared result as the sender gets it. */
  answer: unknown = undefined
  refusal: DomainError | undefined = undefined
  /** The handler failed: nothing is to be stored. */
  failed = false
  failure: unknown = undefined
  condition: AppendCondition | undefined = undefined

  constructor(
    readonly execution: CommandExecution,
    readonly resolve: (executed: Executed) => void,
    readonly reject: (error: unknown) => void,
    /** By the monotonic clock; Infinity for one that waits without end. */
    readonly deadline: number,
  ) {}

  /** The domain says no; where its receipt could not keep that, it fails, for no repetition could be answered. */
  refuse(refusal: DomainError): void {
    try {
      if (this.execution.receipt) refusalBody(refusal)
      this.refusal = refusal
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    this.failed = true
    this.failure = error
  }

  /** Forgets what was decided. */
  undecide(): void {
    this.events = none
    this.newEvents = none
    this.result = undefined
    this.answer = undefined
    this.refusal = undefined
    this.failed = false
    this.failure = undefined
    this.condition = undefined
  }
}
