/** Does one thing after another, in the order of the calls, though one may have to look the past up and the next may not. */
export class InOrder {
  private last: Promise<unknown> = Promise.resolve()

  do<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work)
    // Its caller is told; those behind it only wait for its end.
    this.last = done.catch(() => {})
    return done
  }
}
