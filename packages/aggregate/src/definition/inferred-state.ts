/**
 * The type of states, from that of the first one, which may be an object or, as in a count, a single value.
 *
 * The compiler infers the first one as a constant, so that a function may return `{ ...state, status: 'open' }` without an `as const`;
 * what was written as a single literal, such as `balance: 0`, stands for its whole type.
 */
export type InferredState<Initial> = [Initial] extends [string | number | bigint | boolean]
  ? Widened<Initial>
  : { [K in keyof Initial]: Widened<Initial[K]> }

type Widened<T> = [T] extends [boolean]
  ? boolean
  : [T] extends [bigint]
    ? bigint
    : IsOneLiteral<T> extends true
      ? T extends string
        ? string
        : number
      : T

// A record over a literal needs that key; one over `string`, or a branded string, does not.
type IsOneLiteral<T> = [T] extends [string | number]
  ? Record<never, never> extends Record<T, 1>
    ? false
    : [T] extends [Intersection<T>]
      ? true
      : false
  : false

type Intersection<T> = (T extends unknown ? (value: T) => void : never) extends (value: infer I) => void ? I : never
