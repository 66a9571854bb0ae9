import type { AnyCommand } from '@writ/event-store'
import type { JournalEnd } from './journal.js'
import type { JournalEntry, JournaledCommand, Outcome } from './journal-entry.js'

/** What is known of one instance: the end of its journal, and what became of that entry's commands since. */
export class Instance {
  /** The commands that have no outcome yet, in their order. */
  open: readonly JournaledCommand[]
  private readonly accepted: Outcome[] = []
  private unsettled: Outcome | undefined

  private constructor(
    readonly id: string,
    readonly stream: string,
    /** How many entries its journal has. */
    readonly version: number,
    readonly entry: JournalEntry | undefined,
    /** The commands that were decided in this process; those of a journal that was read are restored. */
    readonly decided: ReadonlyMap<string, AnyCommand>,
  ) {
    this.open = entry?.commands ?? []
  }

  /** One that has no journal. */
  static absent(id: string, stream: string): Instance {
    return new Instance(id, stream, 0, undefined, new Map())
  }

  static read(id: string, stream: string, { version, entry }: JournalEnd): Instance {
    return new Instance(id, stream, version, entry, new Map())
  }

  after(entry: JournalEntry, decided: ReadonlyMap<string, AnyCommand>): Instance {
    return new Instance(this.id, this.stream, this.version + 1, entry, decided)
  }

  /** What became of commands of the last entry, as far as this process knows. */
  get outcomes(): readonly Outcome[] {
    return this.unsettled ? [...this.accepted, this.unsettled] : this.accepted
  }

  /** The first of the open commands was accepted. */
  accept(outcome: Outcome): void {
    this.unsettled = undefined
    this.accepted.push(outcome)
    this.open = this.open.slice(1)
  }

  /** The first of the open commands was refused, and nothing has followed from that yet; or it could not be dispatched. It stays open. */
  hold(outcome: Outcome): void {
    this.unsettled = outcome
  }

  /** Whether it has begun and not ended. */
  get isUnderWay(): boolean {
    return this.entry?.ended === false
  }
}
