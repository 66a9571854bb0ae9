import { type Append, type Appended, InvalidAppendError, StoreOverloadedError } from '@writ/event-store'
import { AppendLanes } from './append-lanes.js'
import type { Batch } from './batch.js'

const MAX_APPEND_SIZE = 134_217_728

/**
 * Collects the appends of this process into batches, without a timer: an idle store sends at once, a busy one collects while the
 * batches before are under way.
 */
export class AppendQueue {
  private readonly lanes = new AppendLanes()
  private underWay = 0
  private unsettled = 0
  private isPumping = false
  private drained: (() => void) | undefined

  constructor(
    private readonly options: {
      readonly limit: number
      readonly batchesAtOnce: number
      readonly deliver: (batch: Batch) => Promise<void>
    },
  ) {}

  add(append: Append): Promise<Appended> {
    const { waiting } = this.lanes
    const { limit } = this.options
    if (waiting >= limit) return Promise.reject(new StoreOverloadedError(waiting, limit))
    const size = sizeOf(append)
    if (size > MAX_APPEND_SIZE) {
      return Promise.reject(
        new InvalidAppendError(append.stream, `its events weigh more than ${MAX_APPEND_SIZE} characters together; split it`),
      )
    }
    return new Promise((resolve, reject) => {
      this.unsettled++
      this.lanes.add({
        append,
        size,
        accept: (appended) => this.settled(resolve, appended),
        refuse: (error) => this.settled(reject, error),
      })
      this.pumpSoon()
    })
  }

  /** Resolves when every append that was taken in has its answer. */
  drain(): Promise<void> {
    if (this.unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.drained = resolve
    })
  }

  private settled<T>(settle: (outcome: T) => void, outcome: T): void {
    settle(outcome)
    if (--this.unsettled === 0) this.drained?.()
  }

  // A tick that is asked for in a microtask comes when all microtasks are done: so all callers that were answered together, however
  // deep their promises, are in one batch with what they ask for next.
  private pumpSoon(): void {
    if (this.isPumping || this.underWay >= this.options.batchesAtOnce) return
    this.isPumping = true
    queueMicrotask(() => process.nextTick(this.pump))
  }

  private readonly pump = (): void => {
    this.isPumping = false
    while (this.underWay < this.options.batchesAtOnce && this.lanes.hasReady) this.send(this.lanes.take())
  }

  private async send(batch: Batch): Promise<void> {
    this.underWay++
    await this.options.deliver(batch)
    this.underWay--
    this.lanes.done(batch)
    if (this.lanes.hasReady) this.pumpSoon()
  }
}

function sizeOf({ events, receipts }: Append): number {
  let size = 0
  for (const { data, metadata } of events) size += data.length + metadata.length
  if (receipts) for (const { body } of receipts) size += body.length
  return size
}
