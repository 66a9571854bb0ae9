/**
 * Lets the tests of a `describe` say how what they open is closed, at the place where they open it.
 *
 * After each test it is closed, the last one first, however the test went; where one can not be closed, the others still are, and the
 * test fails with all that went wrong.
 */
export function closingAfterEach(): (close: () => Promise<unknown>) => void {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    const failures: unknown[] = []
    // One after the other: what was opened later may still need what was opened before.
    for (const close of closing.splice(0).reverse()) await close().catch((failure) => failures.push(failure))
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'))
  })
  return (close) => {
    closing.push(close)
  }
}
