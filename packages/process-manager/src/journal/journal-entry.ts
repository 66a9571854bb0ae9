import { Event, type Json, type JsonObject } from '@writ/event-store'
import { z } from 'zod'

/** One step of an instance, as it stands in its journal: enough to go on from, whoever reads it. */
export interface JournalEntry {
  /** The event that was handled, or that is still being handled when commands were refused. */
  readonly event: HandledEvent
  /** The state after it; absent while it is as it was at first. */
  readonly state?: Json
  /** What became of commands of earlier entries; of accepted ones it is told with the next entry, so the last ones' are not told. */
  readonly outcomes: readonly Outcome[]
  /** The commands that are to be dispatched, in their order: those just decided, after those that were still waiting. */
  readonly commands: readonly JournaledCommand[]
  readonly ended: boolean
}

export interface HandledEvent {
  readonly id: string
  readonly type: string
  readonly stream: string
  readonly version: number
  readonly position: number
  /** Which one it was of the events that one stored event became. */
  readonly part: number
}

export interface JournaledCommand {
  /** Given when it was decided; whoever dispatches it, how often ever, gives this id, and its receipt answers. */
  readonly id: string
  readonly type: string
  readonly data: JsonObject
}

export type Outcome =
  | { readonly command: string; readonly accepted: { readonly position: number } }
  | { readonly command: string; readonly refused: Refusal }
  | { readonly command: string; readonly failed: DispatchFailure }

/** Why a command could not be dispatched. */
export interface DispatchFailure {
  readonly code?: string
  readonly message: string
}

export interface Refusal {
  readonly code: string
  readonly message: string
  readonly facts: JsonObject
}

const json = z.record(z.string(), z.json())
const refusal = z.object({ code: z.string(), message: z.string(), facts: json })
const failure = z.object({ code: z.string().optional(), message: z.string() })

/**
 * The event that journals are made of: {@link JournalEntry} as its data.
 *
 * Nobody gets it who does not ask for it by name: `@On(ProcessAdvanced)`.
 */
export class ProcessAdvanced extends Event(
  'writ.process-advanced',
  z.object({
    event: z.object({
      id: z.string(),
      type: z.string(),
      stream: z.string(),
      version: z.int(),
      position: z.int(),
      part: z.int(),
    }),
    state: z.json().optional(),
    outcomes: z.array(
      z.union([
        z.object({ command: z.string(), accepted: z.object({ position: z.int() }) }),
        z.object({ command: z.string(), refused: refusal }),
        z.object({ command: z.string(), failed: failure }),
      ]),
    ),
    commands: z.array(z.object({ id: z.string(), type: z.string(), data: json })),
    ended: z.boolean(),
  }),
) {}
