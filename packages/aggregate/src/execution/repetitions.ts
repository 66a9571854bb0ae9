import { hasCode, type Runtime } from '@writ/event-store'
import { CommandIdReusedError, CommandTimeoutError } from '../errors/execution-errors.js'
import type { CommandExecution, Executed } from './command-execution.js'

/** Commands with a given id that are under way: a repetition joins the first one, and both get its answer. */
export class Repetitions {
  private readonly underWay = new Map<string, { readonly execution: CommandExecution; readonly executed: Promise<Executed> }>()

  constructor(
    private readonly runtime: Runtime,
    private readonly first: (execution: CommandExecution) => Promise<Executed>,
  ) {}

  execute(execution: CommandExecution): Promise<Executed> {
    const { commandId, receipt } = execution
    const first = this.underWay.get(commandId)
    if (first) {
      if (first.execution.receipt?.fingerprint !== receipt?.fingerprint) {
        return Promise.reject(new CommandIdReusedError(commandId, first.execution.stream))
      }
      return this.join(first.executed, execution)
    }
    const executed = this.first(execution)
    this.underWay.set(commandId, { execution, executed })
    const done = () => void this.underWay.delete(commandId)
    executed.then(done, done)
    return executed
  }

  private async join(first: Promise<Executed>, execution: CommandExecution): Promise<Executed> {
    try {
      const { state: _, ...executed } = await this.inTime(first, execution)
      return { ...executed, repeated: true }
    } catch (error) {
      // The first one had less time; nothing was stored for it.
      if (hasCode<CommandTimeoutError>(error, 'command-timeout') && !error.mayBeCommitted) return this.execute(execution)
      throw error
    }
  }

  private async inTime(first: Promise<Executed>, { timeout, stream, commandId }: CommandExecution): Promise<Executed> {
    if (timeout === undefined) return first
    const waiting = new AbortController()
    const late = this.runtime.sleep(timeout, waiting.signal).then(() => {
      if (waiting.signal.aborted) return first
      // The one that it joined goes on.
      throw new CommandTimeoutError(stream, commandId, timeout, true)
    })
    try {
      return await Promise.race([first, late])
    } finally {
      waiting.abort()
    }
  }
}
