/**
 * The position up to which everything is known to be flushed: what lies below needs no barrier when it is read.
 *
 * Whenever an event is known to be flushed, so are all with lower positions, for they were committed before it.
 */
export class DurableMark {
  position = 0

  raise(position: number): void {
    if (position > this.position) this.position = position
  }

  /** A connection broke: the server behind the next one may be another, with a shorter log. */
  forget(): void {
    this.position = 0
  }
}
