import { Aggregates } from '@writ/aggregate'
import { CommandRouter, type DispatchDefaults } from '@writ/command-router'
import {
  type InlineProjectionDefinition,
  inlineEventStore,
  Projections,
  Subscriptions,
  UnknownHandlerError,
} from '@writ/event-handler'
import { type EventStore, type Logger, type Runtime, silentLogger, systemRuntime } from '@writ/event-store'
import { type Dispatch, processSubscription } from '@writ/process-manager'
import { isOfBranch } from './branch.js'
import { type Composition, compose } from './composition.js'
import type { ApplicationOptions } from './options.js'
import { OtherStores } from './other-stores.js'

/** What an application is made of, wired; nothing of it has started. */
export interface Parts<Transaction extends object = object> {
  readonly name: string
  /** The store that it was given: what is read goes through this one. */
  readonly store: EventStore<Transaction>
  /** The same with the inline projections around it: what is written goes through this one. */
  readonly writing: EventStore<Transaction>
  readonly composition: Composition
  readonly aggregates: Aggregates
  readonly otherStores: OtherStores
  readonly router: CommandRouter
  readonly subscriptions: Subscriptions
  readonly projections: Projections<Transaction>
  readonly defaults: DispatchDefaults
  readonly runtime: Runtime
  readonly logger: Logger
}

/** @throws what `Application.create` throws, but for options that are malformed */
export function wired<Transaction extends object>(options: ApplicationOptions<Transaction>): Parts<Transaction> {
  const { store, name = 'application', runtime = systemRuntime, logger = silentLogger } = options
  const { unknownEvents = 'refuse' } = options
  const { byCategory, ...cache } = options.aggregates ?? {}
  const composition = compose(name, options.modules, { unknownEvents, logger }, { byCategory, isBranch: isOfBranch(store) })
  const { events } = composition
  const inline = composition.inlineProjections.map((projection) => watched(projection, () => aggregates))
  const defaults = awaitedThere(options.dispatch ?? {}, composition, isOfBranch(store))
  const withInline = <T extends object>(inner: EventStore<T>) =>
    inline.length > 0 ? inlineEventStore(inner, { projections: inline, events, runtime }) : inner
  const writing = withInline(store)
  const rows = isOfBranch(store) ? ('replayed' as const) : ('used' as const)
  const surroundings = { store: writing, events, runtime, logger, rows, ...cache }
  const aggregates: Aggregates = new Aggregates(surroundings)
  const otherStores = new OtherStores(aggregates, store, surroundings, withInline)
  const owner = `${name}/${process.pid}/${runtime.uuid()}`
  const subscriptions: Subscriptions = new Subscriptions({
    isServing: (definition) => projections.isAwaited(definition),
    store,
    events,
    runtime,
    logger,
    owner,
    ...options.subscriptions,
  })
  for (const subscription of composition.subscriptions) subscriptions.add(subscription)
  const projections = new Projections({
    store,
    events,
    subscriptions,
    definitions: composition.subscriptions,
    owner,
    leaseMilliseconds: options.subscriptions?.leaseMilliseconds ?? 5_000,
    ...(options.subscriptions?.onError && { onError: options.subscriptions.onError }),
    ...(options.subscriptions?.checkpoint && { checkpoint: options.subscriptions.checkpoint }),
    runtime,
    logger,
  })
  const router = new CommandRouter({
    routes: composition.routes,
    aggregates,
    aggregatesOn: otherStores.aggregatesOn,
    runtime,
    ...(options.middleware && { middleware: options.middleware }),
    waitFor: ({ position, ...written }, handlers, timeout) =>
      // Whoever decided nothing rests on the stream as it is, and may want to see that.
      subscriptions.waitFor(position, handlers, written.types.length === 0 ? { timeout } : { timeout, written }),
    ...(options.causationLimit !== undefined && { causationLimit: options.causationLimit }),
    defaults,
  })
  const commands = composition.routes.map(({ commandClass }) => commandClass)
  for (const manager of composition.processManagers) {
    const dispatch: Dispatch = (command, options) =>
      // The id alone tells repetitions: what a journal gives back may be written down in another way by newer code.
      router.dispatch(command, { ...options, fingerprint: options.commandId, consistency: 'eventual' })
    subscriptions.add(processSubscription(manager, { store: writing, commands, dispatch, runtime, logger }))
  }
  return {
    name,
    store,
    writing,
    composition,
    aggregates,
    otherStores,
    router,
    subscriptions,
    projections,
    defaults,
    runtime,
    logger,
  }
}

/** The same inline projection, which is told at once where it dispatches a command: its append would wait for that, and that for it. */
function watched(projection: InlineProjectionDefinition, aggregates: () => Aggregates): InlineProjectionDefinition {
  const { name, handlers } = projection
  const watchedOnes = [...handlers].map(
    ([type, handle]) =>
      [type, (...input: Parameters<typeof handle>) => aggregates().whileProjecting(name, () => handle(...input))] as const,
  )
  return { ...projection, handlers: new Map(watchedOnes) }
}

/**
 * The defaults of dispatches, whose handlers are to be waited for where they run: in a branch, only some do.
 *
 * @throws UnknownHandlerError for a name that no handler of the modules has
 */
function awaitedThere(
  defaults: DispatchDefaults,
  { subscriptions, processManagers }: Composition,
  isBranch: boolean,
): DispatchDefaults {
  const { consistency } = defaults
  if (!Array.isArray(consistency)) return defaults
  const names = [...subscriptions, ...processManagers].map(({ name }) => name)
  // A projection's version may be left out.
  const known = new Set([...names, ...names.map((name) => name.replace(/@\d+$/, ''))])
  const unknown = consistency.find((name) => !known.has(name))
  if (unknown !== undefined && !isBranch) throw new UnknownHandlerError(unknown, names)
  return { ...defaults, consistency: consistency.filter((name) => known.has(name)) }
}
