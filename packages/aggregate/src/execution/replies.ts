import type { CommandAlreadyHandledError, Receipt, Receipts } from '@writ/event-store'
import type { CurrentLifespan } from '../definition/lifespan.js'
import { CommandTimeoutError, TooManyConflictsError } from '../errors/execution-errors.js'
import type { Executed } from './command-execution.js'
import type { PendingCommand } from './pending-command.js'
import { answerOf } from './receipt-body.js'

/** The answers to the commands of one stream: each gets one, and the first counts. */
export class Replies {
  /** Commands that have not been answered. */
  pending = 0

  constructor(
    private readonly stream: string,
    private readonly lifespan: CurrentLifespan,
    private readonly answered: () => void,
  ) {}

  resolve(command: PendingCommand, executed: Executed): void {
    if (!this.settle(command)) return
    this.lifespan.accepted(command.execution.command, command.events)
    command.resolve(executed)
  }

  reject(command: PendingCommand, error: unknown): void {
    if (!this.settle(command)) return
    this.lifespan.failed(error)
    command.reject(error)
  }

  /** Gives the answer that the first one of this id got. */
  repeat(command: PendingCommand, receipt: Receipt): void {
    let executed: Executed
    try {
      executed = answerOf(receipt, command.execution)
    } catch (error) {
      this.reject(command, error)
      return
    }
    this.resolve(command, executed)
  }

  /** Another writer was first; those that have met too many of them get that for an answer. */
  conflicted(commands: readonly PendingCommand[], error: unknown): void {
    for (const command of commands) {
      const { commandId, retries } = command.execution
      if (++command.conflicts > retries)
        this.reject(command, new TooManyConflictsError(this.stream, commandId, command.conflicts, error))
    }
  }

  /** Answers the one of these that was handled before. */
  alreadyHandled(commands: readonly PendingCommand[], error: CommandAlreadyHandledError): void {
    const { receipt } = error
    const handled = commands.find(
      ({ execution, failed }) => execution.receipt && !failed && execution.commandId === receipt.commandId,
    )
    if (handled) this.repeat(handled, receipt)
    else for (const command of commands) this.reject(command, error)
  }

  /** Reports a failure; but where the command's id was handled before, the receipt answers. */
  async fail(command: PendingCommand, receipts: Receipts): Promise<void> {
    const { failure, execution } = command
    if (execution.receipt && !command.settled) {
      const receipt = await receipts.find(execution.commandId).catch(() => undefined)
      if (receipt) this.repeat(command, receipt)
    }
    this.reject(command, failure)
  }

  /** @param mayBeCommitted whether it was on its way to the store */
  timeOut(command: PendingCommand, mayBeCommitted: boolean): void {
    const { commandId, timeout = 0 } = command.execution
    this.reject(command, new CommandTimeoutError(this.stream, commandId, timeout, mayBeCommitted))
  }

  private settle(command: PendingCommand): boolean {
    if (command.settled) return false
    command.settled = true
    this.pending--
    this.answered()
    return true
  }
}
