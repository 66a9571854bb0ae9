/**
 * The code of something that was thrown; undefined where it has none.
 *
 * Anything can be thrown, also what throws when it is looked at: whoever handles the failures of others must not fail on that.
 */
export function thrownCode(thrown: unknown): string | undefined {
  const code = lookedAt(() => (thrown as { readonly code?: unknown } | null | undefined)?.code)
  return typeof code === 'string' ? code : undefined
}

/** What something that was thrown says, for the message of another error; in words of its own where it can't be looked at. */
export function thrownMessage(thrown: unknown): string {
  const message = lookedAt(() => String(thrown instanceof Error ? thrown.message : thrown))
  return typeof message === 'string' ? message : 'a value was thrown that throws when it is looked at'
}

/** Whether it is an error; not so where it can't be looked at. */
export function isError(thrown: unknown): thrown is Error {
  return lookedAt(() => thrown instanceof Error) === true
}

/** @returns undefined where looking throws */
export function lookedAt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
