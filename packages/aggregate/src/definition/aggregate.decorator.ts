import type { AnyCommand, Class } from '@writ/event-store'
import { checkDecoratorMode } from './decorator-mode.js'
import { type AggregateDecoratorOptions, writeAggregate } from './written-down.js'

/** The commands that a class's methods take. */
type CommandsOf<A> = {
  [K in keyof A]: A[K] extends (command: infer C, ...rest: never[]) => unknown ? (C extends AnyCommand ? C : never) : never
}[keyof A]

/**
 * Says that a class is an aggregate: its fields are the state, its methods decide (`@Handle`) and note what happened (`@Apply`).
 *
 * @param options `category`: the first part of its streams' names, without a dash; `identity`: the field of every command that says
 *   which one is meant; `snapshotEvery`: a snapshot after so many events; `snapshotVersion` grows when the fields change their shape;
 *   `lifespan`: how long it stays in memory with nothing to do
 */
export function Aggregate<I extends string>(options: AggregateDecoratorOptions & { readonly identity: I }) {
  return <K extends Class<object>>(
    aggregateClass: CommandsOf<InstanceType<K>> extends Readonly<Record<I, string>> ? K : never,
    ...rest: readonly unknown[]
  ): void => {
    checkDecoratorMode('Aggregate', rest[0])
    writeAggregate(aggregateClass, options)
  }
}
