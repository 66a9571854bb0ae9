import { systemRuntime } from '@writ/event-store'

/** What Writ stores with an event, for the events of others. */
export function ids(): { readonly correlationId: string; readonly causationId: string } {
  const id = systemRuntime.uuid()
  return { correlationId: id, causationId: id }
}
