/** What can be moved on while it stands still. */
export interface Halted {
  /** How far it has read. */
  readonly position: number
  /** Delivers up to a position and no further, and stores that. */
  goTo(position: number, halt: Halt): Promise<void>
}

/** A partition's run that stands still between two portions until it is let go; asked to, it goes to a position, exactly, and stands there. */
export class Halt {
  /** Whether it was let go: then nobody waits for where it goes any more. */
  isOver = false
  /** Resolves when it was let go and nothing that it was asked for is under way. */
  readonly ended: Promise<void>
  private end!: () => void
  private going: Promise<void> = Promise.resolve()

  constructor(
    readonly partition: number,
    /** Aborts when the run has to end: then it should be let go. */
    readonly signal: AbortSignal,
    private readonly halted: Halted,
  ) {
    const letGo = new Promise<void>((resolve) => {
      this.end = resolve
    })
    // Whoever asked it to go somewhere is told why it did not get there.
    this.ended = letGo.then(() => this.going.catch(() => {}))
  }

  /** It handles nothing beyond this position. */
  get position(): number {
    return this.halted.position
  }

  /**
   * @param position not before the one at which it stands
   * @throws Interruption when the run ends before it is there
   */
  goTo(position: number): Promise<void> {
    this.going = this.halted.goTo(position, this)
    return this.going
  }

  letGo(): void {
    this.isOver = true
    this.end()
  }
}
