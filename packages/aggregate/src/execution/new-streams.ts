import { type AnyCommand, commandClassOf } from '@writ/event-store'

const ENOUGH = 2

/**
 * Tells by experience whether a command is about to meet a stream that does not exist yet, as one that opens an account does.
 *
 * Such a command can decide on the initial state without a read: its append finds out whether that was right. A wrong guess costs
 * one refused append, so it takes several right ones in a row before the next is made.
 */
export class NewStreams {
  private readonly inARow = new Map<string, number>()

  isLikely(command: AnyCommand): boolean {
    return (this.inARow.get(commandClassOf(command).type) ?? 0) >= ENOUGH
  }

  /** What a command has found where nothing was known of its stream. */
  found(command: AnyCommand, isNew: boolean): void {
    const { type } = commandClassOf(command)
    this.inARow.set(type, isNew ? Math.min((this.inARow.get(type) ?? 0) + 1, ENOUGH) : 0)
  }
}
