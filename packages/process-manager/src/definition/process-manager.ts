import { type AnyEvent, type Class, type Json, type Mistake, toPlainJson } from '@writ/event-store'
import { InvalidProcessManagerError } from '../errors/definition-errors.js'
import { ClassState } from './class-state.js'
import { define } from './define.js'
import type {
  Commands,
  Correlate,
  CorrelateFunction,
  ProcessContext,
  ProcessManagerDefinition,
  ProcessManagerOptions,
  Reaction,
  Rejection,
} from './process-manager-definition.js'
import { eventMethodsOf, refusalMethodsOf, refuseStandardMode } from './reaction-methods.js'
import { isEventReaction, isRefusalReaction, type ValueReaction } from './reactions.js'
import { commandsIn, stepOf } from './step.js'

const decorated = new WeakMap<object, ProcessManagerOptions<Correlate>>()

/** The events that a class's methods take. */
type EventsOf<Instance> = {
  [Key in keyof Instance]: Instance[Key] extends (event: infer E, ...rest: never[]) => unknown
    ? E extends AnyEvent
      ? E
      : never
    : never
}[keyof Instance]

/** The methods that take an event and answer with something else than commands. */
type MethodsThatDecideNoCommands<Instance> = {
  [Key in keyof Instance]: Instance[Key] extends (event: infer _Event extends AnyEvent, ...rest: never[]) => infer Answer
    ? Awaited<Answer> extends Commands
      ? never
      : Key
    : never
}[keyof Instance]

/** Events that can't be told apart by this field. */
type EventsWithout<E, Field extends string> = E extends AnyEvent
  ? E extends { readonly [Key in Field]?: string | null | undefined }
    ? Field extends keyof E
      ? never
      : E
    : E
  : never

type Deciding<ProcessClass extends Class<object>> = [MethodsThatDecideNoCommands<InstanceType<ProcessClass>>] extends [never]
  ? ProcessClass
  : Mistake<`its method ${MethodsThatDecideNoCommands<InstanceType<ProcessClass>> & string} answers with something else than commands`>

type Fitting<ProcessClass extends Class<object>, Field extends string> = [
  EventsWithout<EventsOf<InstanceType<ProcessClass>>, Field>,
] extends [never]
  ? Deciding<ProcessClass>
  : Mistake<`an event of its methods has no text field '${Field}' to correlate by`>

type FittingFunction<ProcessClass extends Class<object>, E extends AnyEvent> = [EventsOf<InstanceType<ProcessClass>>] extends [E]
  ? Deciding<ProcessClass>
  : Mistake<'its methods take events that the function to correlate by does not'>

/**
 * Makes a class manage processes: events come in, commands go out, and each instance remembers where it is.
 *
 * Each command that a method answers with takes effect exactly once, whatever crashes when. The fields that hold plain data are the
 * instance's state; what is injected is shared.
 *
 * @example
 * @ProcessManager({ name: 'transfer', correlate: 'transfer' })
 * class TransferProcess {
 *   @Start(TransferRequested) requested(event: TransferRequested) { return new WithdrawMoney({ … }) }
 *   @Rejected(WithdrawMoney) refused(command: WithdrawMoney, error: DomainError) { return new RefuseTransfer({ … }) }
 *   @On(MoneyWithdrawn) withdrawn(event: MoneyWithdrawn) { return new DepositMoney({ … }) }
 *   @End(MoneyDeposited) done(event: MoneyDeposited) { return new CompleteTransfer({ … }) }
 * }
 */
export function ProcessManager<Field extends string>(
  options: ProcessManagerOptions<Field>,
): <ProcessClass extends Class<object>>(processClass: Fitting<ProcessClass, Field>, ...rest: readonly unknown[]) => void
export function ProcessManager<E extends AnyEvent>(
  options: ProcessManagerOptions<CorrelateFunction<E>>,
): <ProcessClass extends Class<object>>(processClass: FittingFunction<ProcessClass, E>, ...rest: readonly unknown[]) => void
export function ProcessManager(options: ProcessManagerOptions<Correlate>) {
  return (processClass: object, ...rest: readonly unknown[]): void => {
    refuseStandardMode('@ProcessManager', rest[0])
    decorated.set(processClass, options)
  }
}

export interface ProcessManagerValue<State> extends ProcessManagerOptions<Correlate> {
  /** Plain JSON; what handlers get as `state` until one of them answers with another. Left out: there is no state. */
  readonly initialState?: State
  /** What it reacts to, and how: made by `start`, `on`, `rejected` and `end`. */
  readonly reactions: readonly ValueReaction<State>[]
}

/**
 * The same as {@link ProcessManager}, as a value.
 *
 * @throws InvalidProcessManagerError
 */
export function processManager<State = undefined>(value: ProcessManagerValue<State>): ProcessManagerDefinition {
  const { initialState, reactions = [], ...options } = value
  const source = `processManager('${options.name}')`
  const initial = initialState === undefined ? undefined : toPlainJson(initialState, `The first state of ${source}`)
  const stateful = (context: ProcessContext, state: Json | undefined) => ({ ...context, state: (state ?? initial) as State })
  return define(
    source,
    options as ProcessManagerOptions<Correlate>,
    reactions.filter(isEventReaction).map(({ role, event, handle }) => {
      const name = `${role}(${event.name})`
      const react: Reaction['react'] = async (state, data, context) =>
        stepOf(name, await handle(data, stateful(context, state)), state)
      return { role, event, name, react }
    }),
    reactions.filter(isRefusalReaction).map(({ command, handle }) => {
      const name = `rejected(${command.name})`
      const react: Rejection['react'] = async (state, refused, error, context) =>
        stepOf(name, await handle(refused, error, stateful(context, state)), state)
      return { command, name, react }
    }),
  )
}

type Methods = Record<string | symbol, (...args: readonly unknown[]) => unknown>

/**
 * Reads what a class decorated with {@link ProcessManager} has written down.
 *
 * @param resolve makes the one object of the class, with what is injected; it is called once
 * @throws InvalidProcessManagerError, and whatever `resolve` throws
 */
export function processManagerOf(processClass: Class<object>, resolve: () => object): ProcessManagerDefinition {
  const { name } = processClass
  const source = `class ${name}`
  const options = decorated.get(processClass)
  if (!options) {
    throw new InvalidProcessManagerError(
      source,
      'it has no @ProcessManager({ name, correlate }) of its own; write it above the class',
    )
  }
  const state = new ClassState(resolve(), name)
  const step = async (key: string | symbol, before: Json | undefined, ...args: readonly unknown[]) => {
    const instance = state.instance(before)
    const commands = commandsIn(`${name}.${String(key)}`, await (instance as Methods)[key]!(...args))
    return { state: state.stateOf(instance), commands }
  }
  return define(
    source,
    options,
    eventMethodsOf(processClass).map(({ role, event, key }) => {
      const react: Reaction['react'] = (before, data, context) => step(key, before, data, context)
      return { role, event, name: String(key), react }
    }),
    refusalMethodsOf(processClass).map(({ command, key }) => {
      const react: Rejection['react'] = (before, refused, error, context) => step(key, before, refused, error, context)
      return { command, name: String(key), react }
    }),
  )
}
