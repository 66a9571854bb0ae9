import { categoryOf, type LogRead, type StoredEvent } from '@writ/event-store'

type Filters = Pick<LogRead, 'query' | 'stream' | 'category' | 'correlationId'>

/** Whether a read leaves events out that lie within its bounds. */
export function isNarrowed({ query, stream, category, correlationId }: Filters): boolean {
  return query !== undefined || stream !== undefined || category !== undefined || correlationId !== undefined
}

/** Whether an event passes the filters beside the query and the streams, of which the events are looked up. */
export function passes({ stream, metadata }: StoredEvent, { category, correlationId }: Filters): boolean {
  if (category && !category.includes(categoryOf(stream))) return false
  return correlationId === undefined || correlationOf(metadata) === correlationId
}

/** Metadata may be any JSON. */
function correlationOf(metadata: string): unknown {
  const known = JSON.parse(metadata) as { readonly correlationId?: unknown } | null
  return known?.correlationId
}
