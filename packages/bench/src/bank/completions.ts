/** Who waits for which transfer, in this process. */
export class Completions {
  private readonly waiting = new Map<string, () => void>()

  /** @throws Error when the time is up, which ends the benchmark: a transfer that is never completed must not count as a slow one */
  async of(transfer: string, timeoutSeconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.waiting.set(transfer, resolve)
        timer = setTimeout(
          () => reject(new Error(`The transfer ${transfer} was not completed within ${timeoutSeconds} s.`)),
          timeoutSeconds * 1_000,
        )
      })
    } finally {
      clearTimeout(timer)
      this.waiting.delete(transfer)
    }
  }

  /** Delivered again after a failure, it is known to nobody any more. */
  completed(transfer: string): void {
    this.waiting.get(transfer)?.()
  }
}
