import {
  type Appended,
  type CommandAlreadyHandledError,
  DomainError,
  hasCode,
  type WrongExpectedVersionError,
} from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'
import type { Decision } from '../definition/decision.js'
import { CurrentLifespan } from '../definition/lifespan.js'
import { isPromise } from '../state/apply-event.js'
import { ConfirmedState } from '../state/confirmed-state.js'
import { type Loaded, loadState, takeOver } from '../state/load-state.js'
import { isAboutOneCommand, isCertainlyNotStored } from './append-failure.js'
import type { AtWork } from './at-work.js'
import { appendOf, Collected } from './collected.js'
import { conclude } from './conclude.js'
import { type DecidingPlace, decisionOn } from './decision-on.js'
import { executedOf } from './executed-of.js'
import { Mailbox } from './mailbox.js'
import type { PendingCommand } from './pending-command.js'
import { Replies } from './replies.js'
import { SnapshotWriter } from './snapshot-writer.js'
import { StateAhead } from './state-ahead.js'
import type { Surroundings } from './surroundings.js'

const nothing = () => {}

/**
 * One aggregate at work in this process: load → decide → append.
 *
 * Commands wait in a mailbox and decide one at a time, on the newest state: what the store has confirmed, and what was decided since
 * and is not yet confirmed. One append is in flight; what is decided meanwhile is collected and follows as one append. A command is
 * answered when its append is confirmed, so everything that it was decided on is confirmed as well. Whenever that turns out otherwise,
 * whatever was decided on it goes back to the mailbox and is decided again.
 */
export class AggregateRuntime implements DecidingPlace {
  /** Neighbours in a list of idle or of busy ones. */
  previous: AggregateRuntime | undefined
  next: AggregateRuntime | undefined
  isBusy = false
  idleSince = 0
  readonly lifespan: CurrentLifespan

  private confirmed: ConfirmedState | undefined
  /** Whether that is only supposed: the initial state of a stream that is likely to be new. The first append finds out. */
  private isSupposed = false
  private isLoading = false
  /** Whether what is being loaded may be gone from the log by now. */
  private isForgotten = false
  private readonly mailbox = new Mailbox<PendingCommand>()
  /** The one that decides now, asynchronously or on this very stack. */
  private deciding: PendingCommand | undefined
  handler: AtWork | undefined
  /** Whether what it decides on has been dropped; then it decides again when it is done. */
  private isStale = false
  /** Tells the answers of asynchronous handlers that were given up from that of the one which is awaited. */
  private round = 0
  private readonly collected = new Collected()
  private inFlight: readonly PendingCommand[] | undefined
  private readonly ahead: StateAhead
  private readonly replies: Replies
  private readonly snapshots: SnapshotWriter | undefined

  constructor(
    readonly stream: string,
    readonly definition: AggregateDefinition,
    private readonly surroundings: Surroundings,
  ) {
    this.ahead = new StateAhead(definition, stream)
    this.lifespan = new CurrentLifespan(definition.lifespan, surroundings.logger)
    this.replies = new Replies(stream, this.lifespan, surroundings.answered)
    this.snapshots = definition.snapshots && new SnapshotWriter(stream, definition.snapshots, surroundings)
  }

  /** What the store has confirmed, as far as this process knows. */
  get known(): ConfirmedState | undefined {
    return this.isSupposed ? undefined : this.confirmed
  }

  /** Commands taken and not yet answered. */
  get pending(): number {
    return this.replies.pending
  }

  isDeciding(command: PendingCommand): boolean {
    return this.deciding === command
  }

  take(command: PendingCommand): void {
    this.replies.pending++
    this.mailbox.push(command)
    this.step(nothing)
  }

  /** What it knows may be gone from the log: it is loaded anew, and what is not confirmed is decided again. */
  forget(): void {
    this.step(() => {
      this.confirmed = undefined
      this.isSupposed = false
      this.isForgotten = this.isLoading
      this.decideAgain([])
    })
  }

  private work(): void {
    this.decideWaiting()
    if (this.inFlight === undefined && !this.collected.isEmpty) {
      this.send(this.confirmed!)
      // What was sent has made room.
      this.decideWaiting()
    }
    const isIdle = this.replies.pending === 0 && this.deciding === undefined && this.inFlight === undefined && !this.isLoading
    if (isIdle) this.surroundings.idle(this)
  }

  private decideWaiting(): void {
    while (this.deciding === undefined && this.mailbox.length > 0) {
      if (this.mailbox.first!.settled) {
        this.mailbox.shift()
        continue
      }
      if (this.confirmed === undefined) {
        if (this.isLoading || !this.surroundings.newStreams.isLikely(this.mailbox.first!.execution.command)) {
          this.load()
          return
        }
        this.suppose()
      }
      if (this.collected.isFull) return
      // A boundary's decision rests on confirmed state alone.
      if (this.mailbox.first!.execution.boundary && (this.inFlight || !this.collected.isEmpty)) return
      this.decide(this.mailbox.shift()!, this.confirmed!)
    }
  }

  // Load

  private suppose(): void {
    this.confirmed = new ConfirmedState(this.definition, this.stream, this.definition.initialState(), 0, 0)
    this.isSupposed = true
  }

  private load(from?: ConfirmedState): void {
    if (this.isLoading) return
    this.isLoading = true
    this.confirmed = undefined
    this.isSupposed = false
    const loaded = ({ confirmed, snapshotVersion }: Loaded<unknown>) => {
      this.isLoading = false
      if (this.isForgotten) {
        this.isForgotten = false
        return
      }
      this.confirmed = confirmed
      const first = this.mailbox.first
      if (from === undefined && first) this.surroundings.newStreams.found(first.execution.command, confirmed.version === 0)
      if (from === undefined && this.snapshots) this.snapshots.lastVersion = snapshotVersion
    }
    const failed = (error: unknown) => {
      this.isLoading = false
      this.isForgotten = false
      this.failWaiting(error)
    }
    loadState(this.surroundings, this.definition, this.stream, { from }).then(
      (state) => this.step(() => loaded(state)),
      (error: unknown) => this.step(() => failed(error)),
    )
  }

  /** Without a state nobody can decide. */
  private failWaiting(error: unknown): void {
    this.confirmed = undefined
    this.isSupposed = false
    for (const command of this.mailbox.takeAll()) {
      command.fail(error)
      this.fail(command)
    }
  }

  // Decide

  private decide(command: PendingCommand, confirmed: ConfirmedState): void {
    const state = this.ahead.newest(confirmed)
    this.deciding = command
    let decision: Decision | Promise<Decision>
    try {
      decision = decisionOn(command, state, this.ahead.newestVersion(confirmed), this, this.surroundings)
    } catch (error) {
      this.refuseOrFail(command, error)
      return
    }
    if (isPromise(decision)) this.awaitDecision(command, decision)
    else this.accept(command, decision, confirmed)
  }

  private awaitDecision(command: PendingCommand, decision: PromiseLike<Decision>): void {
    const round = ++this.round
    const done = (note: () => void) => {
      // It was given up when it ran out of time; others have gone on.
      if (this.round !== round) return
      if (this.isStale) this.deciding = undefined
      else note()
      this.isStale = false
    }
    decision.then(
      (decided) => this.step(() => done(() => this.accept(command, decided, this.confirmed!))),
      (error: unknown) => this.step(() => done(() => this.refuseOrFail(command, error))),
    )
  }

  private accept(command: PendingCommand, decision: Decision, confirmed: ConfirmedState): void {
    try {
      conclude(command, decision, this.surroundings.runtime)
      this.ahead.add(command, confirmed)
    } catch (error) {
      command.undecide()
      this.ahead.rebuild(this.decided(), confirmed)
      this.refuseOrFail(command, error)
      return
    }
    this.collect(command)
  }

  private refuseOrFail(command: PendingCommand, error: unknown): void {
    if (DomainError.is(error)) command.refuse(error)
    else command.fail(error)
    // A failure, too, is reported only when what it was decided on is confirmed.
    this.collect(command)
  }

  private collect(command: PendingCommand): void {
    this.deciding = undefined
    this.collected.add(command)
  }

  /** What has been decided and is not confirmed, in its order. */
  private *decided(): Generator<PendingCommand> {
    if (this.inFlight) yield* this.inFlight
    yield* this.collected.commands
  }

  // Append

  private send(confirmed: ConfirmedState): void {
    const commands = this.collected.takeSend()
    if (commands.every(hasFailed)) {
      if (this.isSupposed) {
        // No append will tell whether they failed on the right state.
        this.decideAgain(commands)
        this.load()
        return
      }
      // All that they were decided on is confirmed, and there is nothing to store.
      for (const command of commands) this.fail(command)
      if (this.collected.isEmpty) this.ahead.becomeConfirmed(confirmed)
      this.work()
      return
    }
    this.inFlight = commands
    this.surroundings.store.append(appendOf(this.stream, confirmed.version, commands)).then(
      (appended) => this.step(() => this.confirm(commands, appended, confirmed)),
      (error: unknown) => this.step(() => this.takeBack(commands, error, confirmed)),
    )
  }

  private confirm(commands: PendingCommand[], appended: Appended, confirmed: ConfirmedState): void {
    this.isSupposed = false
    let { version, position } = confirmed
    // The state after a single command is at hand already.
    const isNewest = commands.length === 1 && this.collected.isEmpty
    for (const command of commands) {
      if (command.events.length > 0) {
        version += command.events.length
        // The events of one append stand next to each other.
        position = appended.position - (appended.version - version)
        if (isNewest) this.ahead.becomeConfirmed(confirmed, version, position)
        else confirmed.advance(command.events, version, position)
      }
      if (command.failed) this.fail(command)
      else if (command.refusal) this.replies.reject(command, command.refusal)
      else this.replies.resolve(command, executedOf(command, version, position, confirmed))
    }
    this.inFlight = undefined
    if (this.collected.isEmpty) this.ahead.becomeConfirmed(confirmed)
    this.snapshots?.consider(confirmed)
  }

  /** The store has refused an append, or could not be reached. */
  private takeBack(commands: readonly PendingCommand[], error: unknown, confirmed: ConfirmedState): void {
    this.inFlight = undefined
    if (hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version')) {
      if (this.isSupposed) this.surroundings.newStreams.found(commands[0]!.execution.command, false)
      else this.replies.conflicted(commands, error)
      this.decideAgain(commands)
      this.catchUp(confirmed, error)
    } else if (hasCode(error, 'append-condition-failed')) {
      this.replies.conflicted(commands, error)
      this.decideAgain(commands)
    } else if (hasCode<CommandAlreadyHandledError>(error, 'command-already-handled')) {
      this.replies.alreadyHandled(commands, error)
      this.decideAgain(commands)
    } else if (commands.length > 1 && isAboutOneCommand(error)) {
      for (const command of commands) command.alone = true
      this.decideAgain(commands)
    } else if (DomainError.is(error)) {
      this.refuseInline(commands[0]!, error)
    } else {
      for (const command of commands) if (!command.failed) this.replies.reject(command, error)
      this.decideAgain(commands)
      // What is stored now can only be told by looking.
      if (!isCertainlyNotStored(error)) this.confirmed = undefined
    }
  }

  /** An inline projection has refused a command that went alone: that is its answer, as if its handler had thrown it. */
  private refuseInline(command: PendingCommand, refusal: DomainError): void {
    this.decideAgain([])
    command.undecide()
    command.refuse(refusal)
    this.collected.add(command)
  }

  /** Takes over the events that another writer appended. */
  private catchUp(confirmed: ConfirmedState, { missed, actualVersion }: WrongExpectedVersionError): void {
    if (missed === undefined || actualVersion < confirmed.version) {
      // Where nothing was known, a snapshot may be nearer.
      this.load(this.isSupposed ? undefined : confirmed)
      return
    }
    this.isSupposed = false
    try {
      this.confirmed = takeOver(this.surroundings, this.definition, this.stream, confirmed, missed, actualVersion)
    } catch (error) {
      this.failWaiting(error)
    }
  }

  /** Puts these back to the front of the mailbox, with all that was decided after them. */
  private decideAgain(commands: readonly PendingCommand[]): void {
    const again = [...commands, ...this.collected.takeAll()].filter(({ settled }) => !settled)
    for (const command of again) command.undecide()
    if (this.deciding && !this.isStale) {
      // One at a time decides: this one comes to its end first, and its answer is dropped.
      this.isStale = true
      again.push(this.deciding)
    }
    this.mailbox.putBack(again)
    if (this.inFlight && this.confirmed) this.ahead.rebuild(this.inFlight, this.confirmed)
    else this.ahead.drop()
  }

  // Answer

  /** Withdraws what has run out of time. @returns the earliest deadline that is left */
  expire(now: number): number {
    let earliest = Number.POSITIVE_INFINITY
    const withdraw = (command: PendingCommand, mayBeCommitted: boolean) => {
      if (command.settled) return false
      const isLate = command.deadline <= now
      if (isLate) this.replies.timeOut(command, mayBeCommitted)
      else earliest = Math.min(earliest, command.deadline)
      return isLate
    }
    for (const command of this.inFlight ?? []) withdraw(command, true)
    let isUndone = false
    for (const command of this.collected.commands) isUndone = withdraw(command, false) || isUndone
    for (const command of this.mailbox) withdraw(command, false)
    if (this.deciding) withdraw(this.deciding, false)
    this.step(() => {
      if (this.deciding?.settled) this.giveUp()
      if (isUndone) this.decideAgain([])
    })
    return earliest
  }

  /** The handler may never end; the others go on without it. */
  private giveUp(): void {
    this.handler?.end()
    this.round++
    this.deciding = undefined
    this.isStale = false
  }

  private fail(command: PendingCommand): void {
    void this.replies.fail(command, this.surroundings.store.receipts).then(() => this.step(nothing))
  }

  /** Does something and goes on. Should it throw, nobody is left waiting: everyone is told, and the state is loaded anew. */
  private step(work: () => void): void {
    try {
      work()
      this.work()
    } catch (error) {
      this.surroundings.logger.error({ stream: this.stream, error }, 'An aggregate runtime failed; its state is dropped')
      this.collapse(error)
    }
  }

  private collapse(error: unknown): void {
    for (const command of this.decided()) this.replies.reject(command, error)
    if (this.deciding) this.replies.reject(this.deciding, error)
    this.collected.takeAll()
    this.inFlight = undefined
    this.ahead.drop()
    this.giveUp()
    this.failWaiting(error)
    this.surroundings.idle(this)
  }
}

const hasFailed = ({ failed }: PendingCommand) => failed
