import type { AggregateDefinition } from '../definition/decider.js'
import type { ConfirmedState } from '../state/confirmed-state.js'
import { Deadlines } from './deadlines.js'
import { AggregateRuntime } from './execute-command.js'
import type { PendingCommand } from './pending-command.js'
import { RuntimeList } from './runtime-list.js'
import type { Surroundings } from './surroundings.js'

export interface RuntimesOptions {
  /** How many with nothing to do stay in memory: those used last. */
  readonly cacheSize: number
  /** Milliseconds that one stays after its last command, where it has no lifespan of its own. */
  readonly lifespan: number
}

/** The aggregates in memory: those at work, and those at rest as long as there are room and time for them. */
export class Runtimes {
  private readonly byStream = new Map<string, AggregateRuntime>()
  private readonly busy = new RuntimeList()
  private readonly idle = new RuntimeList()
  private readonly deadlines: Deadlines
  /** Whether some live for another time than the rest. */
  private haveOwnLifespans = false

  constructor(
    private readonly surroundings: Surroundings,
    private readonly options: RuntimesOptions,
  ) {
    this.deadlines = new Deadlines(surroundings.runtime, (now) => this.expire(now))
  }

  get size(): number {
    return this.byStream.size
  }

  get(stream: string): AggregateRuntime | undefined {
    return this.byStream.get(stream)
  }

  /** What the store has confirmed of a stream, as far as that is known here. */
  knownOf(stream: string): ConfirmedState | undefined {
    return this.byStream.get(stream)?.known
  }

  /** That of a stream; a new one where there is none. */
  of(stream: string, definition: AggregateDefinition): AggregateRuntime {
    let runtime = this.byStream.get(stream)
    if (runtime === undefined) {
      runtime = new AggregateRuntime(stream, definition, this.surroundings)
      this.byStream.set(stream, runtime)
      this.idle.add(runtime)
    }
    return runtime
  }

  /** Gives one a command, which is withdrawn when it runs out of time. */
  hand(command: PendingCommand, runtime: AggregateRuntime): void {
    if (!runtime.isBusy) this.becameBusy(runtime)
    runtime.take(command)
    this.deadlines.watch(command.deadline)
  }

  becameIdle(runtime: AggregateRuntime): void {
    if (!runtime.isBusy) return
    this.busy.remove(runtime)
    runtime.isBusy = false
    // Without a state it is of no more use than a new one.
    if (runtime.known === undefined) {
      this.byStream.delete(runtime.stream)
      return
    }
    this.idle.add(runtime)
    const own = runtime.lifespan.milliseconds
    if (own === 0) this.forget(runtime)
    else if (this.idle.size > this.options.cacheSize) this.forget(this.idle.first!)
    const lifespan = own ?? this.options.lifespan
    if (lifespan === Number.POSITIVE_INFINITY) return
    this.haveOwnLifespans ||= own !== undefined
    runtime.idleSince = this.surroundings.runtime.monotonic()
    this.deadlines.watch(runtime.idleSince + lifespan)
  }

  /** The log was rewound: whatever is in memory may rest on events that are gone. */
  forgetAll(): void {
    for (let runtime = this.idle.first; runtime; runtime = this.idle.first) this.forget(runtime)
    for (let runtime = this.busy.first, next = runtime?.next; runtime; runtime = next, next = runtime?.next) runtime.forget()
  }

  /** Nothing runs out of time any more. */
  stop(): void {
    this.deadlines.stop()
  }

  private becameBusy(runtime: AggregateRuntime): void {
    this.idle.remove(runtime)
    this.busy.add(runtime)
    runtime.isBusy = true
  }

  private forget(runtime: AggregateRuntime): void {
    this.idle.remove(runtime)
    this.byStream.delete(runtime.stream)
  }

  private expire(now: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (let runtime = this.busy.first, next = runtime?.next; runtime; runtime = next, next = runtime?.next) {
      earliest = Math.min(earliest, runtime.expire(now))
    }
    for (let runtime = this.idle.first, next = runtime?.next; runtime; runtime = next, next = runtime?.next) {
      const end = runtime.idleSince + (runtime.lifespan.milliseconds ?? this.options.lifespan)
      if (end <= now) this.forget(runtime)
      else {
        earliest = Math.min(earliest, end)
        // They stand in the order in which they became idle.
        if (!this.haveOwnLifespans) break
      }
    }
    return earliest
  }
}
