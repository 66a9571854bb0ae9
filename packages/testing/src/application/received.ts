import type { Application } from '@writ/application'
import {
  type AnyEvent,
  type AnyEventClass,
  type Class,
  EventTypes,
  eventsOf,
  type RecordedEvent,
  type StoredEvent,
} from '@writ/event-store'
import { difference, hasFields, printed } from '../difference.js'
import { ExpectationFailedError } from '../errors.js'
import { type SettledOptions, settled } from './settled.js'
import { within } from './within.js'

/** Which events of a class are meant: those with these fields, or those for which the function is true. */
export type Matching<E extends AnyEvent> = Partial<E> | ((event: E, recorded: RecordedEvent<E>) => boolean)

export interface ReceivedOptions extends SettledOptions {
  /** Only events beyond this position, such as a dispatch returned it: 0, all events, by default. */
  readonly after?: number
}

/** How often a store whose hint was lost is asked again: milliseconds. */
const LOOK = 50

/**
 * Waits for an event, whoever writes it and when. It may be in the log already.
 *
 * @param matching which one; any of the class by default
 * @throws ExpectationFailedError when it has not come in time; it shows those that have
 */
export async function waitForEvent<E extends AnyEvent>(
  app: Application,
  eventClass: Class<E>,
  matching: Matching<E> = {},
  { timeout = 5_000, after = 0 }: ReceivedOptions = {},
): Promise<RecordedEvent<E>> {
  const search = new Search(app, eventClass, matching, after)
  const end = performance.now() + timeout
  let look = () => {}
  const forget = app.store.onAppended(() => look())
  try {
    for (;;) {
      const appended = new Promise<void>((resolve) => {
        look = resolve
      })
      const found = await search.next()
      if (found) return found
      const left = end - performance.now()
      if (left <= 0) throw await search.missed(` within ${timeout} ms`)
      await within(Math.min(LOOK, left), appended)
    }
  } finally {
    forget()
  }
}

/**
 * Waits until the application has settled; then the event must be there.
 *
 * @throws ExpectationFailedError when it is not; it shows those that are
 */
export async function assertReceived<E extends AnyEvent>(
  app: Application,
  eventClass: Class<E>,
  matching: Matching<E> = {},
  { after = 0, ...options }: ReceivedOptions = {},
): Promise<RecordedEvent<E>> {
  await settled(app, options)
  const search = new Search(app, eventClass, matching, after)
  const found = await search.next()
  if (!found) throw await search.missed('')
  return found
}

/**
 * Waits until the application has settled; then no such event may be there.
 *
 * @throws ExpectationFailedError that shows the event
 */
export async function refuteReceived<E extends AnyEvent>(
  app: Application,
  eventClass: Class<E>,
  matching: Matching<E> = {},
  { after = 0, ...options }: ReceivedOptions = {},
): Promise<void> {
  await settled(app, options)
  const search = new Search(app, eventClass, matching, after)
  const found = await search.next()
  if (!found) return
  const { stream, version, position, data } = found
  throw new ExpectationFailedError(
    `No ${search.meant} was to be in the log. There is one at position ${position} (${stream}, version ${version}): ${printed(data)}`,
  )
}

/** Goes along the log, each event once. */
class Search<E extends AnyEvent> {
  readonly meant: string
  private readonly type: string
  private readonly types: EventTypes
  private readonly others: RecordedEvent<E>[] = []
  /** Found, and not looked at yet: one stored event may have become several. */
  private readonly found: RecordedEvent<E>[] = []
  private position: number

  constructor(
    private readonly app: Application,
    eventClass: Class<E>,
    private readonly matching: Matching<E>,
    private readonly after: number,
  ) {
    const { type } = eventClass as unknown as AnyEventClass
    this.type = type
    const isKnown = app.eventTypes.names.includes(type)
    this.types = isKnown ? app.eventTypes : new EventTypes([eventClass as unknown as AnyEventClass], { onlyToday: true })
    this.position = after
    const isAny = typeof matching !== 'function' && Object.keys(matching).length === 0
    const which = typeof matching === 'function' ? ' that the function is true for' : isAny ? '' : ` with ${printed(matching)}`
    this.meant = `${eventClass.name}${which}`
  }

  async next(): Promise<RecordedEvent<E> | undefined> {
    const query = this.types.storedQuery({ items: [{ types: [this.type] }] })
    for await (const stored of eventsOf(this.app.store.readAll({ after: this.position, query }))) {
      this.position = stored.position
      for (const recorded of this.types.decode(stored)) {
        if (recorded.type === this.type) this.found.push(recorded as RecordedEvent<E>)
      }
      const matching = this.nextFound()
      if (matching) return matching
    }
    return this.nextFound()
  }

  private nextFound(): RecordedEvent<E> | undefined {
    for (let recorded = this.found.shift(); recorded !== undefined; recorded = this.found.shift()) {
      if (this.matches(recorded)) return recorded
      this.others.push(recorded)
    }
    return undefined
  }

  /** What there is instead. */
  async missed(time: string): Promise<ExpectationFailedError> {
    const { others, matching } = this
    const nearest = others.map((event) => ({ event, unlike: this.unlike(event) })).sort((a, b) => a.unlike - b.unlike)[0]
    if (!nearest) return new ExpectationFailedError(`No ${this.meant} came${time}. ${await this.all()}`)
    const { event } = nearest
    const which = others.length === 1 ? 'The one' : `The nearest of ${others.length}`
    const place = `${which} of this class is at position ${event.position} (${event.stream}, version ${event.version})`
    const shown =
      typeof matching === 'function' ? printed(event.data) : `\n\n${difference(matching, fieldsOf(event.data, matching))}`
    return new ExpectationFailedError(`No ${this.meant} came${time}. ${place}: ${shown}`)
  }

  private matches(recorded: RecordedEvent<E>): boolean {
    const { matching } = this
    return typeof matching === 'function' ? matching(recorded.data, recorded) : hasFields(recorded.data, matching)
  }

  /** In how many of the fields it differs. */
  private unlike({ data }: RecordedEvent<E>): number {
    if (typeof this.matching === 'function') return 0
    return Object.entries(this.matching).filter(([key, value]) => !hasFields(data, { [key]: value })).length
  }

  private async all(): Promise<string> {
    const counts = new Map<string, number>()
    const log = eventsOf(this.app.store.readAll({ after: this.after })) as AsyncIterable<StoredEvent>
    for await (const { type } of log) counts.set(type, (counts.get(type) ?? 0) + 1)
    const where = this.after === 0 ? '' : ` beyond position ${this.after}`
    if (counts.size === 0) return `The log has no events${where}.`
    return `The log has${where}: ${[...counts].map(([type, count]) => `${count} ${type}`).join(', ')}.`
  }
}

function fieldsOf(event: object, fields: object): object {
  return Object.fromEntries(Object.keys(fields).map((key) => [key, (event as Record<string, unknown>)[key]]))
}
