import type { Context } from 'hono'
import { z } from 'zod'
import { Problem } from './problem.js'

/**
 * Reads and checks the query of a request: a parameter that is unknown, or is given twice, is a mistake that somebody wants to know of.
 *
 * @throws Problem 400; it names places, and never repeats a value
 */
export function readQuery<Schema extends z.ZodObject>(c: Context, schema: Schema): z.output<Schema> {
  const given = Object.entries(c.req.queries())
  const twice = given.filter(([, values]) => values.length > 1).map(([path]) => ({ path, message: 'is given more than once' }))
  if (twice.length > 0) throw invalidQuery(twice)
  const parsed = schema.safeParse(Object.fromEntries(given.map(([name, [value]]) => [name, value])))
  if (parsed.success) return parsed.data
  throw invalidQuery(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })))
}

/** A whole number, as digits. */
export function digits(least: number, greatest: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: 'expected a whole number', abort: true })
    .refine((text) => Number(text) >= least && Number(text) <= greatest, `expected ${least} to ${greatest}`)
    .transform(Number)
}

function invalidQuery(issues: readonly { readonly path: string; readonly message: string }[]): Problem {
  return new Problem(400, 'invalid-query', 'The query does not fit; see `issues`.', { facts: { issues } })
}
