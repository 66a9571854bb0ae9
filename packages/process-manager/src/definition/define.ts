import { nearestName } from '@writ/event-store'
import { InvalidProcessManagerError } from '../errors/definition-errors.js'
import { correlation } from './correlation.js'
import type {
  Correlate,
  ProcessManagerDefinition,
  ProcessManagerOptions,
  Reaction,
  Rejection,
} from './process-manager-definition.js'

const optionNames: Record<keyof ProcessManagerOptions<unknown>, true> = {
  name: true,
  correlate: true,
  startFrom: true,
  consistency: true,
  onError: true,
  concurrency: true,
  partitions: true,
}

/** @throws InvalidProcessManagerError */
export function define(
  source: string,
  options: ProcessManagerOptions<Correlate>,
  reactions: readonly Reaction[],
  rejections: readonly Rejection[],
): ProcessManagerDefinition {
  checkOptions(source, options)
  const refuse = (why: string): never => {
    throw new InvalidProcessManagerError(source, why)
  }
  if (reactions.length === 0) refuse('it handles no event; mark its methods with @Start, @On and @End')
  if (!reactions.some(({ role }) => role === 'start')) refuse('no event begins it; mark a method with @Start')
  const byEvent = new Map<string, Reaction>()
  for (const reaction of reactions) {
    const { type } = reaction.event
    const other = byEvent.get(type)
    if (other) refuse(`it handles '${type}' twice, in ${other.name} and in ${reaction.name}; keep one of them`)
    byEvent.set(type, reaction)
  }
  const byCommand = new Map<string, Rejection>()
  for (const rejection of rejections) {
    const { type } = rejection.command
    const other = byCommand.get(type)
    if (other) {
      refuse(`it handles the refusal of '${type}' twice, in ${other.name} and in ${rejection.name}; keep one of them`)
    }
    byCommand.set(type, rejection)
  }
  const { name, correlate, startFrom = 'origin', consistency = 'eventual', onError, concurrency = 64, partitions = 1 } = options
  const events = reactions.map(({ event }) => event)
  return {
    name,
    source,
    startFrom,
    consistency,
    ...(onError && { onError }),
    concurrency,
    partitions,
    instancesOf: correlation(name, source, correlate, events),
    events,
    reactions: byEvent,
    rejections: byCommand,
  }
}

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/

function checkOptions(source: string, options: ProcessManagerOptions<Correlate>): void {
  const refuse = (why: string): never => {
    throw new InvalidProcessManagerError(source, why)
  }
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(optionNames, key))
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, Object.keys(optionNames))
    refuse(`it has no option '${unknown}'${nearest ? `; '${nearest}' may be meant` : ''}`)
  }
  const { name, startFrom = 'origin', consistency = 'eventual', onError, concurrency = 64, partitions = 1 } = options
  if (typeof name !== 'string' || !namePattern.test(name)) {
    refuse("its 'name' must be 1 to 200 letters, digits, dots, dashes or underscores")
  }
  if (startFrom !== 'origin' && startFrom !== 'current' && !(Number.isSafeInteger(startFrom) && startFrom >= 0)) {
    refuse("its 'startFrom' must be 'origin', 'current' or a position from 0")
  }
  if (consistency !== 'eventual' && consistency !== 'strong') refuse("its 'consistency' must be 'eventual' or 'strong'")
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > 1_000) {
    refuse("its 'concurrency' must be an integer from 1 to 1000")
  }
  if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > 1_000) {
    refuse("its 'partitions' must be an integer from 1 to 1000")
  }
  if (onError !== undefined && typeof onError !== 'function') refuse("its 'onError' must be a function, such as retryThenStop()")
}
