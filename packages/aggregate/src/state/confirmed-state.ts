import type { AnyEvent } from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'
import { applyEvent } from './apply-event.js'

const MAX_TRAIL = 1_000

/**
 * What the store has confirmed of one stream: its version, the position of its last event, and the state.
 *
 * The state is a value that nobody changes. While commands are pipelined nobody looks at it either, so events are only noted, and
 * applied when somebody asks.
 */
export class ConfirmedState<State = unknown> {
  private readonly trail: AnyEvent[] = []
  private readonly positions: number[] = []
  private base: State

  constructor(
    private readonly definition: AggregateDefinition<State>,
    private readonly stream: string,
    state: State,
    public version: number,
    public position: number,
  ) {
    this.base = Object.freeze(state)
  }

  /** @throws ApplyFailedError and its kin */
  get state(): State {
    if (this.trail.length > 0) this.applyTrail()
    return this.base
  }

  /** The same with a state that is of no concern to this one. */
  copy(): ConfirmedState<State> {
    return new ConfirmedState(this.definition, this.stream, this.definition.copy(this.state), this.version, this.position)
  }

  /** Notes events of one append that the store has confirmed: they end at this version and position. */
  advance(events: readonly AnyEvent[], version: number, position: number): void {
    let at = position - events.length
    for (const event of events) {
      this.trail.push(event)
      this.positions.push(++at)
    }
    this.version = version
    this.position = position
    if (this.trail.length > MAX_TRAIL) this.applyTrail()
  }

  /** Takes a state to which all events have been applied already. */
  adopt(state: State, version = this.version, position = this.position): void {
    this.base = Object.freeze(state)
    this.version = version
    this.position = position
    if (this.trail.length === 0) return
    this.trail.length = 0
    this.positions.length = 0
  }

  private applyTrail(): void {
    let state = this.definition.copy(this.base)
    const before = this.version - this.trail.length
    this.trail.forEach((event, index) => {
      state = applyEvent(this.definition, state, event, this.stream, before + index + 1, this.positions[index])
    })
    this.adopt(state)
  }
}
