/** The error that an expectation ends with. */
export async function failureOf(expectation: PromiseLike<unknown>): Promise<Error> {
  try {
    await expectation
  } catch (error) {
    return error as Error
  }
  throw new Error('The expectation was met, and should not have been.')
}
