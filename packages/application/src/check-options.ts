import type { AggregateSettings } from '@writ/aggregate'
import { checkDispatchDefaults, type DispatchDefaults, isEventStore } from '@writ/command-router'
import type { CheckpointOptions } from '@writ/event-handler'
import { hasCode, InvalidOptionError, nearestName } from '@writ/event-store'
import { z } from 'zod'
import { InvalidApplicationError } from './errors.js'
import type { AggregateOptions, ApplicationOptions, SubscriptionOptions } from './options.js'

/** What each option must be; the compiler sees to it that none is forgotten. */
type Shape<Options> = { readonly [K in keyof Required<Options>]: z.ZodType }

const has = (value: unknown, ...methods: readonly string[]) =>
  methods.every((method) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function')

const must = (isFine: (value: unknown) => boolean, why: string) => z.custom(isFine, { error: why })

/** What a timer can wait; for longer it would not wait at all. */
const LONGEST_TIMER = 2_147_483_647

const milliseconds = (least: number, why: string, most = LONGEST_TIMER) =>
  must((value) => Number.isFinite(value) && (value as number) >= least && (value as number) <= most, why).optional()

const wholeFrom = (least: number) =>
  must((value) => Number.isSafeInteger(value) && (value as number) >= least, `must be a whole number from ${least}`).optional()

const functions = (what: string) =>
  must((value) => Array.isArray(value) && value.every((one) => typeof one === 'function'), `must be a list of ${what}`).optional()

/** Says which options there are, and what is wrong with each. */
const group = (shape: Readonly<Record<string, z.ZodType>>) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? 'must be an object with options' : undefined),
  })

const dispatchDefaults = z.custom<DispatchDefaults>().superRefine((value, issues) => {
  try {
    checkDispatchDefaults(value)
  } catch (error) {
    if (!hasCode<InvalidOptionError>(error, 'invalid-option')) throw error
    issues.addIssue({ code: 'custom', path: [error.option], message: error.why })
  }
})

const settings = group({
  snapshotEvery: must(
    (value) => value === 'never' || (Number.isSafeInteger(value) && (value as number) >= 1),
    "must be a whole number of events from 1, or 'never'",
  ).optional(),
  snapshotVersion: wholeFrom(1),
  // What a lifespan may be is for the aggregate to say, and it does.
  lifespan: z.unknown().optional(),
} satisfies Shape<AggregateSettings>)

const aggregates = group({
  cacheSize: wholeFrom(0),
  lifespan: must(
    (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 0),
    'must be a whole number of milliseconds from 0, or Infinity',
  ).optional(),
  maxPending: wholeFrom(1),
  maxPendingTotal: wholeFrom(1),
  byCategory: z.record(z.string(), settings, { error: 'must be settings by category' }).optional(),
} satisfies Shape<AggregateOptions>)

const checkpoint = group({
  events: must(
    (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 100_000,
    'must be a whole number of events from 1 to 100,000',
  ).optional(),
  within: milliseconds(0, 'must be milliseconds from 0 to 60,000', 60_000),
} satisfies Shape<CheckpointOptions>)

const subscriptions = group({
  // It is renewed when a third of it has passed.
  leaseMilliseconds: milliseconds(
    100,
    'must be milliseconds from 100, up to 74 days: three times what a timer can wait',
    3 * LONGEST_TIMER,
  ),
  onError: must((value) => typeof value === 'function', 'must be a function, such as retryThenPark()').optional(),
  checkpoint: checkpoint.optional(),
} satisfies Shape<SubscriptionOptions>)

const applicationOptions = group({
  store: must(isEventStore, 'must be an event store, such as inMemoryEventStore() or postgresEventStore({ … })'),
  modules: must((value) => Array.isArray(value), 'must be a list of modules'),
  name: must(
    (value) => typeof value === 'string' && /^[\w.-]{1,60}$/.test(value),
    'must be 1 to 60 letters, digits, dots, dashes or underscores',
  ).optional(),
  middleware: functions('middleware'),
  dispatch: dispatchDefaults.optional(),
  aggregates: aggregates.optional(),
  subscriptions: subscriptions.optional(),
  runtime: must(
    (value) => has(value, 'now', 'monotonic', 'sleep', 'random', 'uuid'),
    'must have now, monotonic, sleep, random and uuid',
  ).optional(),
  logger: must((value) => has(value, 'debug', 'info', 'warn', 'error'), 'must have debug, info, warn and error').optional(),
  stopTimeout: milliseconds(Number.MIN_VALUE, 'must be milliseconds above 0, and no more than a timer can wait'),
  unknownEvents: must((value) => value === 'refuse' || value === 'pass', "must be 'refuse' or 'pass'").optional(),
  causationLimit: must((value) => typeof value === 'number' && value >= 1, 'must be a number from 1').optional(),
  keepReceipts: milliseconds(
    60_000,
    'must be milliseconds from 60,000: whoever repeats a command must find its receipt',
    Number.MAX_VALUE,
  ),
} satisfies Shape<ApplicationOptions>)

/**
 * @throws InvalidOptionError that gives the option's path, such as `aggregates.cacheSize`, and for an unknown one the nearest name;
 *   InvalidApplicationError that lists them where several options are wrong
 */
export function checkOptions(options: ApplicationOptions): void {
  const checked = applicationOptions.safeParse(options)
  if (checked.success) return
  const problems = checked.error.issues.flatMap((issue) => problemsOf(issue))
  if (problems.length === 1) throw problems[0]
  throw new InvalidApplicationError(typeof options?.name === 'string' ? options.name : 'application', problems)
}

function problemsOf(issue: z.core.$ZodIssue): InvalidOptionError[] {
  const path = issue.path.map(String)
  const problem = (option: readonly string[], why: string) =>
    new InvalidOptionError('Application.create', option.join('.') || 'options', why)
  if (issue.code !== 'unrecognized_keys') return [problem(path, issue.message)]
  const known = knownAt(path)
  return issue.keys.map((key) => {
    const nearest = nearestName(key, known)
    return problem([...path, key], `is unknown${nearest ? `; the nearest is '${nearest}'` : ''}. Known are ${known.join(', ')}`)
  })
}

function knownAt([first, second]: readonly string[]): readonly string[] {
  if (second !== undefined) return Object.keys(first === 'subscriptions' ? checkpoint.shape : settings.shape)
  if (first === 'aggregates') return Object.keys(aggregates.shape)
  if (first === 'subscriptions') return Object.keys(subscriptions.shape)
  return Object.keys(applicationOptions.shape)
}
