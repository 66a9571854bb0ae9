import { ExpectationFailedError } from '../errors.js'

/** An expectation to await, or to go on from with the next one. */
export type Expected<Chain> = Chain & PromiseLike<void>

/** Expectations of one outcome, chained: each is checked after the one before, and whatever is awaited last waits for all of them. */
export abstract class Expectations<Outcome> {
  constructor(
    /** How messages begin. */
    protected readonly subject: string,
    protected readonly outcome: () => Promise<Outcome>,
    private readonly before: Promise<unknown> = Promise.resolve(),
  ) {}

  protected expect(check: (outcome: Outcome, fail: (why: string) => never) => void): Expected<this> {
    // Made here, so that the failure shows the line of the test and not one of the kit.
    const failure = new ExpectationFailedError('')
    const frames = failure.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
    const fail = (why: string): never => {
      failure.message = `${this.subject}: ${why}`
      failure.stack = [`${failure.name}: ${failure.message}`, ...frames.slice(2)].join('\n')
      throw failure
    }
    const checked = this.before.then(async () => {
      const outcome = await this.outcome()
      if (isFailed(outcome)) failure.cause = outcome.error
      check(outcome, fail)
    })
    const Chain = this.constructor as new (...args: readonly unknown[]) => this
    // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for
    return Object.assign(new Chain(this.subject, this.outcome, checked), { then: checked.then.bind(checked) })
  }
}

function isFailed(outcome: unknown): outcome is { readonly error: unknown } {
  return (outcome as { readonly kind?: unknown } | undefined)?.kind === 'failed'
}
