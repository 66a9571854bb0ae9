import type { AggregateDefinition } from '../definition/decider.js'

/** A stream's name without its category: what a row of the aggregate is found by. */
export function identityIn(stream: string, { category }: Pick<AggregateDefinition, 'category'>): string {
  return stream.slice(category.length + 1)
}
