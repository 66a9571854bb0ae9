/** How many commands are under way, and when none is any more. */
export class UnderWay {
  private commands = 0
  private readonly drained = new Set<() => void>()

  get count(): number {
    return this.commands
  }

  begun(): void {
    this.commands++
  }

  ended(): void {
    if (--this.commands > 0) return
    for (const resolve of this.drained) resolve()
    this.drained.clear()
  }

  /** Resolves when no command is under way. */
  async idle(): Promise<void> {
    if (this.commands > 0) await new Promise<void>((resolve) => this.drained.add(resolve))
  }
}
