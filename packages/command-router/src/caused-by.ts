import type { RecordedEvent } from '@writ/event-store'
import type { DispatchOptions } from './dispatch-options.js'

/**
 * The options of a dispatch that follows from an event: its correlation, its actor and its trace go on, and the event is the cause.
 *
 * @example await dispatch(new SendReminder({ … }), causedBy(event))
 */
export function causedBy({ id, metadata }: Pick<RecordedEvent, 'id' | 'metadata'>): DispatchOptions<'version'> {
  const { correlationId, causationDepth = 0, actor, trace } = metadata
  return {
    causationId: id,
    causationDepth: causationDepth + 1,
    ...(correlationId !== undefined && { correlationId }),
    ...(actor !== undefined && { actor }),
    ...(trace !== undefined && { trace }),
  }
}
