import { inheritedFrom, type RecordedEvent } from '@writ/event-store'
import type { DispatchOptions } from './dispatch-options.js'

/**
 * The options of a dispatch that follows from an event: its correlation, actor, tenant and trace go on, and the event is the cause.
 *
 * @example await dispatch(new SendReminder({ … }), causedBy(event))
 */
export function causedBy({ id, metadata }: Pick<RecordedEvent, 'id' | 'metadata'>): DispatchOptions<'version'> {
  return { causationId: id, causationDepth: (metadata.causationDepth ?? 0) + 1, ...inheritedFrom(metadata) }
}
