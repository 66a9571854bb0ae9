/** Lets one loop sleep until someone has work for it. A wake-up that comes while it is awake is kept for its next sleep. */
export class Wakeup {
  private isDue = false
  private resume: (() => void) | undefined

  wake(): void {
    this.isDue = true
    this.resume?.()
  }

  async wait(): Promise<void> {
    if (!this.isDue) {
      await new Promise<void>((resolve) => {
        this.resume = resolve
      })
      this.resume = undefined
    }
    this.isDue = false
  }
}
