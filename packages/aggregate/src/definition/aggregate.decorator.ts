import type { AnyCommand, Class, Mistake } from '@writ/event-store'
import { checkDecoratorMode } from './decorator-mode.js'
import type { FieldsOf, StoredState } from './stored-state.js'
import { type AggregateDecoratorOptions, writeAggregate } from './written-down.js'

/** The commands that a class's methods take. */
export type CommandsOf<A> = {
  [K in keyof A]: A[K] extends (command: infer C, ...rest: never[]) => unknown ? (C extends AnyCommand ? C : never) : never
}[keyof A]

/** Whether a class's fields are those that rows are read and written as; rows of columns alone fit every class. */
type IsKeptIn<A, S> = [S] extends [never] ? true : FieldsOf<A> extends FieldsOf<S> ? true : false

/**
 * Says that a class is an aggregate: its fields are the state, its methods decide (`@Handle`) and note what happened (`@Apply`).
 *
 * @param options `category`: the first part of its streams' names, without a dash; `identity`: the field of every command that says
 *   which one is meant; `snapshotEvery`: a snapshot after so many events; `snapshotVersion` grows when the fields change their shape;
 *   `lifespan`: how long it stays in memory with nothing to do; `storedIn`: where its state is kept in a row of the user's own, made by
 *   `rowsOf`; `events`: those of one whose methods change its fields themselves, so that none has `@Apply`
 */
export function Aggregate<I extends string, S extends object = object>(
  options: Omit<AggregateDecoratorOptions, 'storedIn'> & { readonly identity: I; readonly storedIn?: StoredState<S> },
) {
  return <K extends Class<object>>(
    aggregateClass: CommandsOf<InstanceType<K>> extends Readonly<Record<I, string>>
      ? IsKeptIn<InstanceType<K>, S> extends true
        ? K
        : Mistake<'storedIn reads and writes other fields than the class has'>
      : Mistake<`a command of its methods has no text field '${I}', by which it would say which one is meant`>,
    ...rest: readonly unknown[]
  ): void => {
    checkDecoratorMode('Aggregate', rest[0])
    writeAggregate(aggregateClass as K, options as AggregateDecoratorOptions)
  }
}
