import type { EventQuery, EventQueryItem } from '@writ/event-store'
import { eventColumns } from '../schema/read-functions.js'

export interface QueryPage {
  readonly query: EventQuery
  readonly after: number
  readonly upTo: number
  readonly limit: number
  readonly direction: 'forwards' | 'backwards'
}

/**
 * One page of the events that match a query: each item looks its positions up by itself, in an index and up to the page's size.
 *
 * It is not prepared, for a plan that does not know the values could read all events of a frequent type to find a rare tag.
 */
export function queryPage(
  schema: string,
  { query, after, upTo, limit, direction }: QueryPage,
): { text: string; values: unknown[] } {
  const values: unknown[] = [after, upTo, limit]
  const parameter = (value: unknown) => `$${values.push(value)}`
  const order = direction === 'backwards' ? 'desc' : 'asc'
  const items = query.items.map((item) => `(${itemPositions(schema, item, parameter)} order by position ${order} limit $3)`)
  const text = `select ${eventColumns('e')}
    from (select position from (${items.join(' union ')}) any_item order by position ${order} limit $3) page
    join ${schema}.events e using (position) order by position ${order}`
  return { text, values }
}

function itemPositions(schema: string, { types, tags = [] }: EventQueryItem, parameter: (value: unknown) => string): string {
  const [tag, ...more] = tags
  if (tag === undefined) {
    return `select e.position from ${schema}.events e where e.position > $1 and e.position <= $2 and e.type = any(${parameter(types)}::text[])`
  }
  const conditions = more.map(
    (other) => ` and exists (select from ${schema}.tags o where o.tag = ${parameter(other)} and o.position = t.position)`,
  )
  if (types) {
    conditions.push(
      ` and exists (select from ${schema}.events e where e.position = t.position and e.type = any(${parameter(types)}::text[]))`,
    )
  }
  return `select t.position from ${schema}.tags t where t.tag = ${parameter(tag)} and t.position > $1 and t.position <= $2${conditions.join('')}`
}
