/** Pages → one event after another. */
export async function* eventsOf<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T, void, undefined> {
  for await (const page of pages) yield* page
}
