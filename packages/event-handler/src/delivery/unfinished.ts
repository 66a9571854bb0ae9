/** A place in the log that was begun; whether it is finished. */
export interface Place {
  /** Up to here all is finished when it is, and everything before it. */
  readonly position: number
  /** Whether an event was handled there; otherwise nothing up to there concerned the subscription. */
  readonly isEvent: boolean
  isFinished: boolean
}

/** The places that were begun, in the log's order, from the first one that is not finished: up to there a checkpoint may move. */
export class Unfinished {
  private places: Place[] = []
  private first = 0

  get length(): number {
    return this.places.length - this.first
  }

  begin(position: number): Place {
    return this.add({ position, isEvent: true, isFinished: false })
  }

  /** Nothing else up to here is to be handled. */
  passed(position: number): void {
    this.add({ position, isEvent: false, isFinished: true })
  }

  /** Takes away, one after the other, the places before which everything is finished. */
  *takeFinished(): Generator<Place, void, undefined> {
    while (this.places[this.first]?.isFinished) yield this.places[this.first++]!
    if (this.first > 1_000 && this.first > this.places.length / 2) {
      this.places = this.places.slice(this.first)
      this.first = 0
    }
  }

  private add(place: Place): Place {
    this.places.push(place)
    return place
  }
}
