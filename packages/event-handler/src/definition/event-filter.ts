import { categoryOf, isCategory, isStreamName } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { LogFilter } from '../reading/log-pages.js'

/** Which of the events of its types a subscription is about: all that is said must hold. */
export interface EventFilter {
  /** Those of streams of this category, or of any of these. */
  readonly category?: string | readonly string[]
  /** Those of this stream. */
  readonly stream?: string
  /** Those with all of these tags. */
  readonly tags?: readonly string[]
}

/**
 * What options say of it; undefined where they say nothing.
 *
 * @throws InvalidSubscriptionError
 */
export function filterOf(source: string, { category, stream, tags }: EventFilter): EventFilter | undefined {
  const refuse = (why: string): never => {
    throw new InvalidSubscriptionError(source, why)
  }
  if (category === undefined && stream === undefined && tags === undefined) return undefined
  const categories = category === undefined ? undefined : [category].flat()
  if (categories && !(categories.length > 0 && categories.every(isCategory))) {
    refuse("its 'category' must be what streams begin with, without a dash, or a list of such")
  }
  if (stream !== undefined && !isStreamName(stream)) refuse("its 'stream' must be the name of one")
  if (stream !== undefined && categories && !categories.includes(categoryOf(stream))) {
    refuse(`the stream '${stream}' is not of its 'category'`)
  }
  if (
    tags !== undefined &&
    !(Array.isArray(tags) && tags.length > 0 && tags.every((tag) => typeof tag === 'string' && tag !== ''))
  ) {
    refuse("its 'tags' must be a list of texts")
  }
  return { ...(categories && { category: categories }), ...(stream !== undefined && { stream }), ...(tags && { tags }) }
}

/** Whether events of a stream can pass. */
export function passesStream({ category, stream }: EventFilter, name: string): boolean {
  if (stream !== undefined) return stream === name
  return category === undefined || category.includes(categoryOf(name))
}

export function passesFilter(filter: EventFilter, event: { readonly stream: string; readonly tags: readonly string[] }): boolean {
  return passesStream(filter, event.stream) && (filter.tags ?? []).every((tag) => event.tags.includes(tag))
}

/** The same as a store is asked for it, beside types. */
export function storedFilter({ category, stream, tags }: EventFilter = {}): LogFilter {
  // A stream's category says nothing more.
  const where = stream !== undefined ? { stream } : category !== undefined ? { category } : {}
  return { ...where, ...(tags && { tags }) }
}
