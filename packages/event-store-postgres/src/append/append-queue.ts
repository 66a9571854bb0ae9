import { type Append, type Appended, InvalidAppendError, StoreOverloadedError } from '@writ/event-store'
import { AppendLanes } from './append-lanes.js'
import type { AppendGroup, Batch, WaitingAppend } from './batch.js'

const MAX_APPEND_SIZE = 134_217_728
/** So many streams whose appends wait are worth two batches. */
const TWO_BATCHES = 48

/**
 * Collects the appends of this process into batches, without a timer: an idle store sends at once, a busy one collects while the
 * batches before are under way.
 */
export class AppendQueue {
  private readonly lanes = new AppendLanes()
  private underWay = 0
  private unsettled = 0
  private isPumping = false
  private isGroupsTurn = false
  private drained: (() => void) | undefined

  constructor(
    private readonly options: {
      readonly limit: number
      readonly batchesAtOnce: number
      readonly deliver: (batch: Batch) => Promise<void>
      /** The same for one that is written all or none. */
      readonly deliverTogether: (batch: Batch) => Promise<void>
    },
  ) {}

  add(append: Append): Promise<Appended> {
    const size = sizeOf(append)
    const refusal = this.whyNotTaken(append.stream, size)
    if (refusal) return Promise.reject(refusal)
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

  /** Appends to several streams, each to another, that are written all or none; they wait behind what waits for these streams. */
  addAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    const sizes = appends.map(sizeOf)
    const refusal = this.whyNotTaken(
      appends[0]!.stream,
      sizes.reduce((sum, size) => sum + size),
    )
    if (refusal) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.unsettled++
      const answers: Appended[] = []
      let answered = 0
      const parts: WaitingAppend[] = []
      const group: AppendGroup = { parts, arrived: 0 }
      for (const [index, append] of appends.entries()) {
        parts.push({
          append,
          size: sizes[index]!,
          group,
          accept: (appended) => {
            answers[index] = appended
            if (++answered === appends.length) this.settled(resolve, answers)
          },
          refuse: (error) => this.settled(reject, error),
        })
      }
      for (const part of parts) this.lanes.add(part)
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

  private whyNotTaken(stream: string, size: number): Error | undefined {
    const { waiting } = this.lanes
    const { limit } = this.options
    if (waiting >= limit) return new StoreOverloadedError(waiting, limit)
    if (size <= MAX_APPEND_SIZE) return undefined
    return new InvalidAppendError(stream, `its events weigh more than ${MAX_APPEND_SIZE} characters together; split it`)
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
    while (this.underWay < this.options.batchesAtOnce && this.hasReady) {
      // In turn, for neither may keep the other waiting for ever.
      this.isGroupsTurn = this.lanes.hasReadyGroup && !(this.isGroupsTurn && this.lanes.hasReady)
      if (this.isGroupsTurn) this.send(this.lanes.takeGroup(), this.options.deliverTogether)
      else this.send(this.lanes.take(this.share), this.options.deliver)
    }
  }

  // Callers that were answered together come back together. As one batch they would leave the other connection idle; as two, one is
  // written while the other is flushed.
  private get share(): number | undefined {
    const { ready, waiting } = this.lanes
    const isAlone = this.underWay === 0 && this.options.batchesAtOnce > 1
    return isAlone && ready >= TWO_BATCHES ? Math.ceil(waiting / 2) : undefined
  }

  private async send(batch: Batch, deliver: (batch: Batch) => Promise<void>): Promise<void> {
    this.underWay++
    await deliver(batch)
    this.underWay--
    this.lanes.done(batch)
    if (this.hasReady) this.pumpSoon()
  }

  private get hasReady(): boolean {
    return this.lanes.hasReady || this.lanes.hasReadyGroup
  }
}

function sizeOf({ events, receipts }: Append): number {
  let size = 0
  for (const { data, metadata } of events) size += data.length + metadata.length
  if (receipts) for (const { body } of receipts) size += body.length
  return size
}
