import type { AggregateDefinition } from '../definition/decider.js'
import { applyEvent } from '../state/apply-event.js'
import type { ConfirmedState } from '../state/confirmed-state.js'
import type { PendingCommand } from './pending-command.js'

/** The state as it will be when all that has been decided is confirmed. There is none as long as no events wait for that. */
export class StateAhead {
  private state: unknown
  private version: number | undefined

  constructor(
    private readonly definition: AggregateDefinition,
    private readonly stream: string,
  ) {}

  /** The newest state: what commands decide on. */
  newest(confirmed: ConfirmedState): unknown {
    return this.version === undefined ? confirmed.state : this.state
  }

  /** The version of the newest state. */
  newestVersion(confirmed: ConfirmedState): number {
    return this.version ?? confirmed.version
  }

  /**
   * Applies what was decided on a command.
   *
   * @throws ApplyFailedError and its kin; some of its events may have been applied then, so that `rebuild` is due
   */
  add({ events }: PendingCommand, confirmed: ConfirmedState): void {
    if (events.length === 0) return
    if (this.version === undefined) {
      // The confirmed state stays as it is: others may still have to go back to it.
      this.state = this.definition.copy(confirmed.state)
      this.version = confirmed.version
    }
    for (const event of events) {
      this.state = applyEvent(this.definition, this.state, event, this.stream, this.version + 1, undefined)
      this.version++
    }
  }

  /** Begins anew with the confirmed state and these commands. */
  rebuild(commands: Iterable<PendingCommand>, confirmed: ConfirmedState): void {
    this.drop()
    for (const command of commands) this.add(command, confirmed)
  }

  /** When all is confirmed, this is the confirmed state; it stands at this version and position. */
  becomeConfirmed(confirmed: ConfirmedState, version = confirmed.version, position = confirmed.position): void {
    if (this.version === undefined) return
    confirmed.adopt(this.state, version, position)
    this.drop()
  }

  drop(): void {
    this.state = undefined
    this.version = undefined
  }
}
