import type { Loop } from './closed-loop.js'

/** Where a system does its work. */
export interface Environment {
  /** The server; {@link connectionPool} makes connections that work in the schema. */
  readonly connectionString: string
  /** A schema of this system's own, there and empty; or the one that the work has prepared for all. It is dropped when the level ends. */
  readonly schema: string
  /** How many callers there will be at once. */
  readonly callers: number
}

/** One way to do a work: Writ's, a peer's, or a limit that none can pass. */
export interface System {
  readonly name: string
  /** How many events one operation stores or reads, for `perSecond`; 1 by default. */
  readonly eventsPerOperation?: number
  /** False where an operation's duration says nothing to compare, as of a COPY of many rows; true by default. */
  readonly hasLatency?: boolean
  /** Makes everything ready: connections, tables, data to start from. None of this is measured. */
  open(environment: Environment): Promise<OpenSystem>
}

export interface OpenSystem {
  /** The settings that it runs with, in a few words for the report. */
  readonly settings: string
  /**
   * What is measured. Each caller calls it again as soon as it is done; a rejection ends the benchmark.
   *
   * @throws OperationFailed for one that came to nothing, as it may with this system: it is told beside the figures, and not among them
   */
  operation(caller: number): Promise<void>
  /**
   * Begins anew, before each window; none of this is measured. For what keeps in memory all that it stores: {@link stored} begins at 0
   * again, too.
   */
  renew?(): Promise<void>
  /** Instead of a closed loop of operations in this process, for what other processes do, or what has an end of its own. */
  window?(callers: number, seconds: number): Promise<Loop>
  /**
   * How many events are stored in all. It is compared with what was acknowledged, after each window: a system that loses events is
   * not measured. Absent where nothing is stored.
   */
  stored?(): Promise<number>
  close(): Promise<void>
}

/** An operation had no effect, after all that the system itself does about it. */
export class OperationFailed extends Error {}
