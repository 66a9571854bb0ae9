import type { CommandsOf } from '@writ/aggregate'
import type { AnyCommand } from '@writ/event-store'

/** The fields that hold text. */
export type TextFieldOf<T> = { [K in keyof T & string]: T[K] extends string ? K : never }[keyof T & string]

/** How a route says which aggregate a command is for, where the command has not the aggregate's own field. */
export type IdentityFrom<C extends AnyCommand> = TextFieldOf<C> | ((command: C) => string)

/**
 * What a route must say of the identity: nothing where the command may have the aggregate's field for it.
 *
 * A value tells its field. A decorated class does not, but its field is one that all commands have which its own methods handle.
 */
export type NeededIdentity<C extends AnyCommand, State, Identity extends string> = [MayBe<C, State, Identity>] extends [never]
  ? // Its type is said by the options; said here again, the compiler would find no parameters for a function.
    { readonly identity: unknown }
  : unknown

type MayBe<C extends AnyCommand, State, Identity extends string> = string extends Identity
  ? SharedWith<CommandsOf<State>, TextFieldOf<C>>
  : Extract<TextFieldOf<C>, Identity>

type SharedWith<Own, Field extends string> = [Own] extends [never]
  ? Field
  : { [F in Field]: Own extends Readonly<Record<F, string>> ? F : never }[Field]
