import {
  AmbiguousUpcasterTargetError,
  DuplicateUpcasterError,
  UnknownUpcasterTargetError,
  UpcasterFromTodayError,
  UpcasterGapError,
  UpcasterLoopError,
} from '../errors/upcaster-errors.js'
import type { WritError } from '../errors/writ-error.js'
import { type AnyEventClass, isEventClass } from '../messages/message.js'
import type { EventShape, Upcaster } from './upcaster.js'

type Classes = ReadonlyMap<string, AnyEventClass>

/** The upcasters of an application, by what they take: type → schema version → upcaster. */
export class UpcasterChains {
  private readonly byType = new Map<string, Map<number, Upcaster>>()
  private readonly sources = new Map<string, Set<string>>()

  /** Of two that take the same shape it knows the first; {@link chainProblems} tells. */
  constructor(upcasters: Iterable<Upcaster>) {
    for (const upcaster of upcasters) {
      const { type, schemaVersion } = upcaster.from
      const versions = this.byType.get(type) ?? new Map<number, Upcaster>()
      if (!versions.has(schemaVersion)) versions.set(schemaVersion, upcaster)
      this.byType.set(type, versions)
    }
    this.collectSources()
  }

  from({ type, schemaVersion }: EventShape): Upcaster | undefined {
    return this.byType.get(type)?.get(schemaVersion)
  }

  /** The types that upcasters take. */
  get types(): Iterable<string> {
    return this.byType.keys()
  }

  /** The newest version of a type that an upcaster takes. */
  newestOf(type: string): number | undefined {
    const versions = this.byType.get(type)
    return versions && Math.max(...versions.keys())
  }

  *[Symbol.iterator](): Generator<Upcaster> {
    for (const versions of this.byType.values()) yield* versions.values()
  }

  /** Types under which events may be stored that are of this type today, besides the type itself. */
  sourcesOf(type: string): ReadonlySet<string> | undefined {
    return this.sources.get(type)
  }

  // By type alone, for a store filters by type: one that leads on in some version counts.
  private collectSources(): void {
    for (const [type, versions] of this.byType) {
      for (const reached of this.typesFrom([...versions.values()])) {
        if (reached === type) continue
        const sources = this.sources.get(reached) ?? new Set<string>()
        this.sources.set(reached, sources.add(type))
      }
    }
  }

  private typesFrom(first: readonly Upcaster[]): Set<string> {
    const types = new Set<string>()
    const seen = new Set<Upcaster>()
    const waiting = [...first]
    for (let upcaster = waiting.pop(); upcaster !== undefined; upcaster = waiting.pop()) {
      if (seen.has(upcaster)) continue
      seen.add(upcaster)
      for (const target of upcaster.to) {
        types.add(target.type)
        const next = this.from(target)
        if (next) waiting.push(next)
      }
    }
    return types
  }
}

/** Whatever is wrong with a set of upcasters, told before anything runs. */
export function chainProblems(
  classes: Classes,
  upcasters: readonly Upcaster[],
  { withGaps }: { readonly withGaps: boolean },
): WritError[] {
  const chains = new UpcasterChains(upcasters)
  const problems: WritError[] = []
  for (const upcaster of upcasters) {
    const other = chains.from(upcaster.from)!
    if (other !== upcaster) problems.push(new DuplicateUpcasterError([other, upcaster]))
    const today = classes.get(upcaster.from.type)
    if (today && upcaster.from.schemaVersion >= today.schemaVersion) {
      problems.push(new UpcasterFromTodayError(upcaster, today.name, today.schemaVersion))
    }
    for (const target of upcaster.to) {
      const problem = targetProblem(upcaster, target, classes, chains, withGaps)
      if (problem) problems.push(problem)
    }
  }
  const loop = loopIn(chains)
  if (loop) problems.push(new UpcasterLoopError(loop))
  return withGaps ? [...problems, ...gaps(classes, chains)] : problems
}

function targetProblem(
  upcaster: Upcaster,
  target: EventShape,
  classes: Classes,
  chains: UpcasterChains,
  withGaps: boolean,
): WritError | undefined {
  const today = classes.get(target.type)?.schemaVersion
  const isGap = withGaps && target.schemaVersion < (today ?? chains.newestOf(target.type) ?? 0)
  if (today !== target.schemaVersion && chains.from(target) === undefined && !isGap) {
    return new UnknownUpcasterTargetError(upcaster, target, today, [...classes.keys(), ...chains.types])
  }
  const mayHaveMoved = isEventClass(target) && target.type !== upcaster.from.type && target.schemaVersion > 1
  return mayHaveMoved ? new AmbiguousUpcasterTargetError(upcaster, target) : undefined
}

function loopIn(chains: UpcasterChains): readonly EventShape[] | undefined {
  const finished = new Set<Upcaster>()
  const path: Upcaster[] = []
  const search = (upcaster: Upcaster): readonly EventShape[] | undefined => {
    if (finished.has(upcaster)) return undefined
    const before = path.indexOf(upcaster)
    if (before >= 0) return [...path.slice(before), upcaster].map(({ from }) => from)
    path.push(upcaster)
    for (const target of upcaster.to) {
      const next = chains.from(target)
      const loop = next && search(next)
      if (loop) return loop
    }
    path.pop()
    finished.add(upcaster)
    return undefined
  }
  for (const upcaster of chains) {
    const loop = search(upcaster)
    if (loop) return loop
  }
  return undefined
}

function* gaps(classes: Classes, chains: UpcasterChains): Generator<WritError> {
  for (const { type, name, schemaVersion } of classes.values()) {
    const missing = missingBelow(schemaVersion, type, chains)
    if (missing.length > 0) {
      yield new UpcasterGapError(type, missing, schemaVersion, `the class ${name} has schema version ${schemaVersion}`)
    }
  }
  for (const type of chains.types) {
    if (classes.has(type)) continue
    const newest = chains.newestOf(type)!
    const missing = missingBelow(newest, type, chains)
    if (missing.length > 0) yield new UpcasterGapError(type, missing, newest, `an upcaster takes version ${newest} of it`)
  }
}

function missingBelow(version: number, type: string, chains: UpcasterChains): number[] {
  const missing: number[] = []
  for (let older = 1; older < version; older++) {
    if (!chains.from({ type, schemaVersion: older })) missing.push(older)
  }
  return missing
}
