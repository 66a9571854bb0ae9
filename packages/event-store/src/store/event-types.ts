import { DuplicateEventTypeError, UndecodableEventError, UnknownEventTypeError } from '../errors/event-type-errors.js'
import { InvalidOptionError, refuseUnknownOptions } from '../errors/invalid-option-error.js'
import { nearestName } from '../errors/nearest-name.js'
import { InvalidUpcasterError } from '../errors/upcaster-errors.js'
import { type Logger, silentLogger } from '../logger.js'
import { type AnyEvent, type AnyEventClass, eventClassOf, isEvent, isEventClass } from '../messages/message.js'
import { UnknownEvent } from '../messages/unknown-event.js'
import { parsedData, upcastEvent } from '../upcasting/upcast-event.js'
import { isUpcaster, type Upcaster } from '../upcasting/upcaster.js'
import { chainProblems, UpcasterChains } from '../upcasting/upcaster-chains.js'
import { metadataOf } from './metadata.js'
import type { EventQuery } from './query.js'
import type { RecordedEvent } from './recorded-event.js'
import type { StoredEvent } from './stored-event.js'

export interface EventTypesOptions {
  /** What events of older shapes are today. One that is listed twice counts once. */
  readonly upcasters?: Iterable<Upcaster>
  /**
   * What becomes of a stored event whose type nobody knows: `'refuse'`, the default, is an error; `'pass'` hands it out as an
   * {@link UnknownEvent}, and aggregates skip it.
   */
  readonly unknownEvents?: 'refuse' | 'pass'
  /** Only events that this very code has written are read, as in a test: classes need no upcasters from their older versions. */
  readonly onlyToday?: boolean
  /** Told once of each unknown type that is passed. */
  readonly logger?: Logger
}

const optionNames: Record<keyof EventTypesOptions, true> = {
  upcasters: true,
  unknownEvents: true,
  onlyToday: true,
  logger: true,
}

/** The event classes that an application knows, and what older events are today: stored text → instances. */
export class EventTypes {
  private readonly classes: ReadonlyMap<string, AnyEventClass>
  private readonly chains: UpcasterChains
  private readonly isPassing: boolean
  private readonly logger: Logger
  private readonly passed = new Map<string, number>()

  /** @throws the first of {@link EventTypes.problemsOf}; InvalidOptionError */
  constructor(classes: Iterable<AnyEventClass>, options: EventTypesOptions = {}) {
    refuseUnknownOptions('EventTypes', options, Object.keys(optionNames))
    const { unknownEvents } = options
    if (unknownEvents !== undefined && unknownEvents !== 'refuse' && unknownEvents !== 'pass') {
      throw new InvalidOptionError('EventTypes', 'unknownEvents', "must be 'refuse' or 'pass'")
    }
    const [listed, upcasters] = [[...classes], [...(options.upcasters ?? [])]]
    const [problem] = EventTypes.problemsOf(listed, { ...options, upcasters })
    if (problem) throw problem
    this.classes = new Map([...listed, ...targetClasses(upcasters)].map((eventClass) => [eventClass.type, eventClass]))
    this.chains = new UpcasterChains(upcasters)
    this.isPassing = unknownEvents === 'pass'
    this.logger = options.logger ?? silentLogger
  }

  /**
   * What is wrong with classes and upcasters, so that all of it can be told at once.
   *
   * @returns DuplicateEventTypeError when two classes claim one type; InvalidUpcasterError, DuplicateUpcasterError, UpcasterFromTodayError, UpcasterGapError,
   *   UpcasterLoopError, UnknownUpcasterTargetError, AmbiguousUpcasterTargetError
   */
  static problemsOf(classes: Iterable<AnyEventClass>, options: EventTypesOptions = {}): readonly Error[] {
    const { upcasters = [], onlyToday = false } = options
    const problems: Error[] = []
    const sound: Upcaster[] = []
    for (const one of new Set(upcasters)) {
      if (isUpcaster(one)) sound.push(one)
      else
        problems.push(
          new InvalidUpcasterError('nothing', 'upcaster({ … }) did not make it, or it is undefined, as in a circular import'),
        )
    }
    const byType = new Map<string, AnyEventClass>()
    for (const eventClass of new Set([...classes, ...targetClasses(sound)])) {
      const known = byType.get(eventClass.type)
      if (known) problems.push(new DuplicateEventTypeError(eventClass.type, [known.name, eventClass.name]))
      else byType.set(eventClass.type, eventClass)
    }
    return [...problems, ...chainProblems(byType, sound, { withGaps: !onlyToday })]
  }

  /** The classes of all events that it knows. */
  get known(): Iterable<AnyEventClass> {
    return this.classes.values()
  }

  get names(): readonly string[] {
    return [...this.classes.keys()]
  }

  /** Whether a value is an event that, once stored, is read back as what it is. */
  knows(event: unknown): event is AnyEvent {
    return isEvent(event) && this.classes.get(eventClassOf(event).type) === eventClassOf(event)
  }

  /** The unknown types that were passed, and how often one was read; see {@link EventTypesOptions.unknownEvents}. */
  get unknownEvents(): ReadonlyMap<string, number> {
    return this.passed
  }

  /**
   * What a stored event is today: one event as a rule; several or none where upcasters say so.
   *
   * @throws UnknownEventTypeError for a type that nobody knows, unless such events are passed
   * @throws UndecodableEventError when the stored data can't be read as its class, or an upcaster fails
   */
  decode(stored: StoredEvent): readonly RecordedEvent[] {
    const today = this.classes.get(stored.type)
    if (today?.schemaVersion === stored.schemaVersion) {
      // The class's own text: whoever looks the type up need not compare, nor hash, one that was just read.
      return [recorded(stored, today.type, stored.schemaVersion, restore(today, stored), 0)]
    }
    const chain = this.chainOf(stored, today)
    if (chain === 'unknown') return [recorded(stored, stored.type, stored.schemaVersion, this.pass(stored), 0)]
    return upcastEvent(stored, chain, this.chains, this.classes).map((event, part) => {
      const { type, schemaVersion } = eventClassOf(event)
      return recorded(stored, type, schemaVersion, event, part)
    })
  }

  /** The same, only what happened: for loading aggregates, where nothing else of an event matters and there are many. */
  decodeData(stored: StoredEvent): readonly AnyEvent[] {
    const today = this.classes.get(stored.type)
    if (today?.schemaVersion === stored.schemaVersion) return [restore(today, stored)]
    const chain = this.chainOf(stored, today)
    if (chain !== 'unknown') return upcastEvent(stored, chain, this.chains, this.classes)
    this.pass(stored)
    return []
  }

  /** The types under which events may be stored that are of these types today: what to ask a store for. */
  storedTypesOf(types: Iterable<string>): ReadonlySet<string> {
    const stored = new Set(types)
    for (const type of [...stored]) for (const source of this.chains.sourcesOf(type) ?? []) stored.add(source)
    return stored
  }

  /** A query by types of today → what to ask a store for. What it finds may be of other types today. */
  storedQuery(query: EventQuery): EventQuery {
    const isOld = query.items.some(({ types }) => types?.some((type) => this.chains.sourcesOf(type) !== undefined))
    if (!isOld) return query
    return { items: query.items.map((item) => (item.types ? { ...item, types: [...this.storedTypesOf(item.types)] } : item)) }
  }

  /** Why no event is of a type today, as the end of an error's sentence; undefined where some may be. */
  whyNeverOf(type: string): string | undefined {
    if (this.classes.has(type)) return undefined
    if (this.chains.newestOf(type) !== undefined) return 'which events had in earlier years: name what they are today'
    if (this.isPassing) return undefined
    const nearest = nearestName(type, this.names)
    return `which no class of this application claims${nearest ? `; the nearest known one is '${nearest}'` : ''}`
  }

  /** Where the way of an event begins that is not of today. */
  private chainOf(stored: StoredEvent, today: AnyEventClass | undefined): Upcaster | 'unknown' {
    const chain = this.chains.from(stored)
    if (chain) return chain
    const { type, schemaVersion } = stored
    const newest = today?.schemaVersion ?? this.chains.newestOf(type)
    if (newest === undefined) {
      if (this.isPassing) return 'unknown'
      throw new UnknownEventTypeError(type, stored.stream, stored.version, stored.position, [...this.names, ...this.chains.types])
    }
    throw new UndecodableEventError(
      stored,
      schemaVersion > newest
        ? `it has schema version ${schemaVersion}, and this code knows versions up to ${newest}; deploy the newer code`
        : `it has schema version ${schemaVersion}, and no upcaster leads from there to version ${newest}; add one`,
    )
  }

  private pass(stored: StoredEvent): UnknownEvent {
    const { type, schemaVersion, stream, position } = stored
    const count = (this.passed.get(type) ?? 0) + 1
    this.passed.set(type, count)
    if (count === 1) {
      this.logger.warn(
        { type, stream, position },
        'an event of an unknown type was passed on; others of the type are only counted',
      )
    }
    return new UnknownEvent(type, schemaVersion, parsedData(stored))
  }
}

/** A class to which an upcaster leads is known by that. */
function* targetClasses(upcasters: Iterable<Upcaster>): Generator<AnyEventClass> {
  for (const { to } of upcasters) for (const target of to) if (isEventClass(target)) yield target
}

// One literal for all: their readers stay fast. Only what was read by a link has more.
function recorded(stored: StoredEvent, type: string, schemaVersion: number, data: AnyEvent, part: number): RecordedEvent {
  const facts = {
    id: stored.id,
    type,
    schemaVersion,
    stream: stored.stream,
    version: stored.version,
    position: stored.position,
    part,
    data,
    metadata: metadataOf(stored),
    tags: stored.tags,
    // Its own: a date can be changed by whoever holds it, and a store may hold this one.
    createdAt: new Date(stored.createdAt),
  }
  return stored.origin ? { ...facts, origin: stored.origin } : facts
}

function restore(eventClass: AnyEventClass, stored: StoredEvent): AnyEvent {
  try {
    return eventClass.restore(JSON.parse(stored.data))
  } catch (cause) {
    throw new UndecodableEventError(stored, `its data can't be read by ${eventClass.name}`, { cause })
  }
}
