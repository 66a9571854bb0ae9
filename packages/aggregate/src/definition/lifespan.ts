import type { AnyCommand, AnyEvent, Logger } from '@writ/event-store'

/** How long an aggregate stays in memory with nothing to do: milliseconds, as long as there is room, or not at all. */
export type Lifespan = number | 'forever' | 'stop'

/** What an aggregate's lifespan depends on; what is left out is that of the application. */
export interface Lifespans {
  /** After a command that was accepted with events: the last of them. */
  readonly afterEvent?: (event: AnyEvent) => Lifespan
  /** After a command that was accepted without events. */
  readonly afterCommand?: (command: AnyCommand) => Lifespan
  /** After a command that was refused or failed. */
  readonly afterError?: (error: unknown) => Lifespan
}

/** In milliseconds; undefined for what is no lifespan. */
export function millisecondsOf(lifespan: unknown): number | undefined {
  if (lifespan === 'forever') return Number.POSITIVE_INFINITY
  if (lifespan === 'stop') return 0
  return typeof lifespan === 'number' && lifespan >= 0 ? lifespan : undefined
}

/** The lifespan of one aggregate in memory, as its last command has left it. */
export class CurrentLifespan {
  /** Undefined where the application's counts. */
  milliseconds: number | undefined
  private readonly after: Lifespans | undefined

  constructor(
    lifespan: Lifespan | Lifespans | undefined,
    private readonly logger: Logger,
  ) {
    if (typeof lifespan === 'object') this.after = lifespan
    else this.milliseconds = millisecondsOf(lifespan)
  }

  accepted(command: AnyCommand, events: readonly AnyEvent[]): void {
    const { after } = this
    if (after === undefined) return
    const last = events.at(-1)
    this.become(() => (last ? after.afterEvent?.(last) : after.afterCommand?.(command)))
  }

  failed(error: unknown): void {
    const { after } = this
    if (after !== undefined) this.become(() => after.afterError?.(error))
  }

  private become(lifespan: () => Lifespan | undefined): void {
    let given: unknown
    try {
      given = lifespan()
    } catch (error) {
      // The command is answered already, and memory is all that it is about.
      given = error
    }
    this.milliseconds = millisecondsOf(given)
    if (given !== undefined && this.milliseconds === undefined)
      this.logger.warn({ lifespan: given }, "An aggregate's lifespan is none; the application's counts instead")
  }
}
