import { type Appended, type CommandAlreadyHandledError, failpoint, hasCode } from '@writ/event-store'
import { AggregateOverloadedError, CommandTimeoutError, TooManyConflictsError } from '../errors/execution-errors.js'
import { NestedCommandError } from '../errors/nested-command-error.js'
import { handlerAtWork, type Place, whileAtWork } from '../execution/at-work.js'
import type { CommandExecution, Executed } from '../execution/command-execution.js'
import { answerOf } from '../execution/receipt-body.js'
import { gaveWay, isConflict } from './conflicts.js'
import { identityIn } from './identity-in.js'
import type { ScopeSurroundings } from './scope-surroundings.js'
import { type DecidedWithin, TransactionScope } from './transaction-scope.js'
import { Turns } from './turns.js'

const FIRST_PAUSE = 5
/** More would wait for connections, and none is faster: the events of all are numbered one after another. */
const MOST_AT_ONCE = 16
const LONGEST_PAUSE = 100

export interface StoredSurroundings extends ScopeSurroundings {
  /** How many commands may wait for one stream. */
  readonly maxPending: number
  /** A command was answered. */
  answered(): void
  /** Something that nobody waits for now, but `stop` does. */
  inBackground(work: Promise<void>): void
}

/** The commands of one stream, one after another. */
interface Line extends Place {
  waiting: number
  last: Promise<unknown>
}

/**
 * Commands whose decision is stored in a transaction of its own: those to state-stored aggregates, and those without an aggregate.
 *
 * Each takes a connection, a row's lock and a commit for itself. Those to one stream wait in line in this process, so that they don't
 * wait with a connection each; those of several processes wait for the row.
 */
export class StoredCommands {
  private readonly lines = new Map<string, Line>()
  private readonly turns = new Turns(MOST_AT_ONCE)

  constructor(private readonly surroundings: StoredSurroundings) {}

  /** @throws NestedCommandError at once, where the handler of another one waits for it */
  run(execution: CommandExecution): Promise<Executed> {
    const { stream, timeout, sender } = execution
    const holder = sender?.holderOf(this)
    if (holder) {
      this.surroundings.answered()
      return Promise.reject(new NestedCommandError(stream, holder.stream))
    }
    const line: Line = this.lines.get(stream) ?? { stream, handler: undefined, waiting: 0, last: Promise.resolve() }
    if (line.waiting >= this.surroundings.maxPending) {
      this.surroundings.answered()
      return Promise.reject(new AggregateOverloadedError(stream, line.waiting))
    }
    this.lines.set(stream, line)
    line.waiting++
    const command = new StoredCommand(execution)
    const working = line.last.then(() => this.carryOut(command, line))
    line.last = working
      .catch(() => {})
      .then(() => {
        if (--line.waiting === 0) this.lines.delete(stream)
      })
    const answered = timeout === undefined ? working : this.inTime(command, working, timeout)
    return answered.finally(this.surroundings.answered)
  }

  /** Where commands to a stream wait for each other, while there are any. */
  placeOf(stream: string): Place | undefined {
    return this.lines.get(stream)
  }

  /** Does what holds a transaction of the store, as these commands do: it can't wait for any of them. */
  whileInTransaction<T>(work: () => T): T {
    return whileAtWork({ transactionOf: this, sender: handlerAtWork() }, work)
  }

  /** Does what an inline projection does within an append. */
  whileProjecting<T>(projection: string, work: () => T): T {
    return whileAtWork({ transactionOf: this, projection, sender: handlerAtWork() }, work)
  }

  private async inTime(command: StoredCommand, working: Promise<Executed>, timeout: number): Promise<Executed> {
    const waiting = new AbortController()
    const late = this.surroundings.runtime.sleep(timeout, waiting.signal).then(() => {
      if (waiting.signal.aborted) return working
      const { stream, commandId } = command.execution
      const { mayBeCommitted } = command
      command.withdraw()
      this.surroundings.inBackground(working.then(ignored, ignored))
      throw new CommandTimeoutError(stream, commandId, timeout, mayBeCommitted)
    })
    try {
      return await Promise.race([working, late])
    } finally {
      waiting.abort()
    }
  }

  private async carryOut(command: StoredCommand, place: Place): Promise<Executed> {
    const { execution } = command
    const { runtime } = this.surroundings
    for (let conflicts = 0; ; ) {
      let scope: TransactionScope | undefined
      let attempted: Attempted | undefined
      try {
        attempted = await this.turns.take(() => this.attempt(command, place, (made) => (scope = made)))
      } catch (error) {
        command.mayBeCommitted = false
        if (hasCode<CommandAlreadyHandledError>(error, 'command-already-handled')) return answerOf(error.receipt, execution)
        const isMissed = isConflict(error) || (scope?.isInserting === true && (await this.isThere(execution)))
        if (!isMissed) return this.failed(execution, error)
        if (++conflicts > execution.retries)
          throw new TooManyConflictsError(execution.stream, execution.commandId, conflicts, error)
        if (gaveWay(error)) await runtime.sleep(runtime.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** conflicts))
      }
      if (attempted) return answerTo(attempted)
    }
  }

  private async attempt(command: StoredCommand, place: Place, made: (scope: TransactionScope) => void): Promise<Attempted> {
    const { execution } = command
    command.refuseWithdrawn()
    const { result, appended } = await this.surroundings.store.transaction(async (transaction) => {
      const scope = new TransactionScope(transaction, this.surroundings, { looksForReceipts: false })
      made(scope)
      // The handler may never end; the others go on without it.
      const who = { place, transactionOf: this, sender: execution.sender }
      const deciding = whileAtWork(who, () => scope.execute(execution))
      const decided = await Promise.race([deciding, command.withdrawal])
      await scope.handOver()
      command.refuseWithdrawn()
      command.mayBeCommitted = true
      return { scope, decided }
    })
    failpoint('stored.committed')
    return { ...result, appended: appended[0]! }
  }

  /** Whether a row that could not be added is there by now: whatever the insert has thrown, somebody was first. */
  private async isThere({ aggregate, stream }: CommandExecution): Promise<boolean> {
    const identity = identityIn(stream, aggregate)
    const { result } = await this.surroundings.store.transaction(
      async (transaction) => (await aggregate.stored?.rows.read(transaction, identity)) !== undefined,
    )
    return result
  }

  /** Reports a failure; but where the command's id was handled before, the receipt answers. */
  private async failed(execution: CommandExecution, error: unknown): Promise<Executed> {
    const { receipts } = this.surroundings.store
    const receipt = execution.receipt && (await receipts.find(execution.commandId).catch(() => undefined))
    if (receipt) return answerOf(receipt, execution)
    throw error
  }
}

const ignored = () => {}

interface Attempted {
  readonly scope: TransactionScope
  readonly decided: DecidedWithin
  readonly appended: Appended
}

function answerTo({ scope, decided, appended }: Attempted): Executed {
  if (decided.refusal) throw decided.refusal
  return scope.executed(decided, new Map([[decided.stream, appended]]))
}

/** A command on its way, and what its sender is told when it takes too long. */
class StoredCommand {
  /** Whether it has been handed to the store. */
  mayBeCommitted = false
  /** Fails when it is withdrawn: nobody hears of that, for the sender has been told already. */
  readonly withdrawal: Promise<never>
  private fail: (error: unknown) => void = ignored
  private isWithdrawn = false

  constructor(readonly execution: CommandExecution) {
    this.withdrawal = new Promise((_, reject) => {
      this.fail = reject
    })
    this.withdrawal.catch(ignored)
  }

  withdraw(): void {
    this.isWithdrawn = true
    this.fail(this.timedOut())
  }

  /** @throws CommandTimeoutError */
  refuseWithdrawn(): void {
    if (this.isWithdrawn) throw this.timedOut()
  }

  private timedOut(): CommandTimeoutError {
    const { stream, commandId, timeout = 0 } = this.execution
    return new CommandTimeoutError(stream, commandId, timeout, false)
  }
}
