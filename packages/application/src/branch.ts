import { type AggregateDefinition, changesBetween, type StateChange } from '@writ/aggregate'
import type { InlineProjectionDefinition, SubscriptionDefinition } from '@writ/event-handler'
import {
  type Class,
  type EventStore,
  type EventTypes,
  eventsOf,
  InvalidOptionError,
  isReservedStream,
  type RecordedEvent,
  refuseUnknownOptions,
} from '@writ/event-store'
import type { BranchEventStore } from '@writ/event-store-branch'
import type { Application } from './application.js'
import { checkModules } from './check-modules.js'
import { type Module, partsOf } from './module.js'

export interface BranchOptions {
  /** Where it parts from the application: now by default. What happened at that moment is still seen. */
  readonly at?: { readonly position: number; readonly date?: never } | { readonly date: Date; readonly position?: never }
  /** The event handlers and projections that run in it, as the modules list them. None by default: what they do may reach outside. */
  readonly run?: readonly (Class<object> | SubscriptionDefinition | InlineProjectionDefinition)[]
  /** Whether process managers run in it: true by default. */
  readonly processManagers?: boolean
  /** What it is made of: the application's own modules by default. Others can give its handlers other services. */
  readonly modules?: readonly Module[]
}

/** What if: an application over a store that begins as another one's and goes on by itself; nothing of it outlasts `discard`. */
export class Branch {
  constructor(
    /** It runs: dispatch, wait, look. */
    readonly app: Application,
    private readonly store: BranchEventStore,
    private readonly base: Application,
    private readonly types: EventTypes,
    private readonly discarded: () => void,
  ) {}

  /** The position at which it parted. */
  get at(): number {
    return this.store.at
  }

  /** What has happened in it, and in it alone; without the journals of process managers. */
  async *events(): AsyncGenerator<RecordedEvent, void, undefined> {
    for await (const stored of eventsOf(this.store.ownEvents())) {
      if (!isReservedStream(stored.stream)) yield* this.types.decode(stored)
    }
  }

  /** In what an aggregate's state differs from where the branch parted. */
  async changesOf<S>(aggregate: Class<S> | AggregateDefinition<S>, identity: string): Promise<StateChange[]> {
    const { state: before } = await this.base.stateOf(aggregate, identity, { at: { position: this.at } })
    const { state: after } = await this.app.stateOf(aggregate, identity)
    return changesBetween(before, after)
  }

  /** Stops it and throws away what happened in it. */
  async discard(): Promise<void> {
    this.discarded()
    await this.app.stop()
  }
}

const known: Record<keyof BranchOptions, true> = { at: true, run: true, processManagers: true, modules: true }

/** Whether a store is that of a branch: rows of the user's own are out of its reach. */
export function isOfBranch(store: EventStore): boolean {
  return 'ownEvents' in store
}

/** @throws InvalidOptionError */
export function checkBranchOptions(options: BranchOptions, modules: readonly Module[]): void {
  refuseUnknownOptions('branch', options, Object.keys(known))
  const { at, run = [], processManagers = true } = options
  if (at !== undefined) {
    checkAt(at, 'branch')
  }
  if (typeof processManagers !== 'boolean') throw new InvalidOptionError('branch', 'processManagers', 'must be true or false')
  if (!Array.isArray(run)) throw new InvalidOptionError('branch', 'run', 'must be a list of event handlers and projections')
  checkModules(modules)
  const listed: unknown[] = partsOf(modules).flatMap<unknown>(({ module: { eventHandlers = [], projections = [] } }) => [
    ...eventHandlers,
    ...projections,
  ])
  for (const handler of run) {
    if (listed.includes(handler)) continue
    throw new InvalidOptionError(
      'branch',
      'run',
      `names ${handler?.name ?? handler}, which is no event handler or projection that its modules list`,
    )
  }
}

/** @throws InvalidOptionError unless it is a position or a date */
export function checkAt(at: NonNullable<BranchOptions['at']>, where: string): void {
  refuseUnknownOptions(`${where}, at`, at, ['position', 'date'])
  if ((at.position === undefined) === (at.date === undefined))
    throw new InvalidOptionError(where, 'at', 'must be one of position and date')
}

/** The modules with those handlers alone that may run in a branch. */
export function branchModules(modules: readonly Module[], options: BranchOptions): Module[] {
  const { run = [], processManagers = true } = options
  return modules.map(
    ({ processManagers: managers = [], eventHandlers = [], projections = [], modules: parts = [], ...module }) => ({
      ...module,
      modules: branchModules(parts, options),
      eventHandlers: eventHandlers.filter((handler) => run.includes(handler)),
      projections: projections.filter((handler) => run.includes(handler)),
      processManagers: processManagers ? managers : [],
    }),
  )
}

/** The position of the last event that was stored by then; 0 where there is none. */
export async function positionAt(store: EventStore, at: NonNullable<BranchOptions['at']>, where = 'branch'): Promise<number> {
  const { position: head } = await store.head()
  if (at.position !== undefined) {
    if (Number.isSafeInteger(at.position) && at.position >= 0) return Math.min(at.position, head)
    throw new InvalidOptionError(where, 'at.position', 'must be a whole number from 0')
  }
  const time = at.date instanceof Date ? at.date.getTime() : Number.NaN
  if (Number.isNaN(time)) throw new InvalidOptionError(where, 'at.date', 'must be a valid date')
  // Time never runs back along the log: a few single reads find the place.
  let past = 0
  let later = head + 1
  while (later - past > 1) {
    const middle = Math.floor((past + later) / 2)
    const event = await firstFrom(store, middle)
    if (event && event.createdAt.getTime() <= time) past = event.position
    else later = middle
  }
  return past
}

async function firstFrom(store: EventStore, position: number) {
  for await (const [event] of store.readAll({ after: position - 1, limit: 1 })) return event
  return undefined
}
