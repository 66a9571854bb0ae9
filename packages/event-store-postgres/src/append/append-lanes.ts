import { type Batch, type BatchEntry, entryOf, isMergeable, type WaitingAppend } from './batch.js'

const MAX_APPENDS = 128
const MAX_EVENTS = 1_000
const MAX_SIZE = 4_194_304

/** The appends of one stream that wait. */
interface Lane {
  readonly stream: string
  readonly waiting: WaitingAppend[]
  /** Whether an append of this stream is in a batch under way. */
  isUnderWay: boolean
}

/**
 * Waiting appends in the order in which they came, one lane a stream.
 *
 * A stream is in at most one batch under way, and once in it: an append that was decided on another's events must not be accepted
 * after that other one was refused.
 */
export class AppendLanes {
  private readonly lanes = new Map<string, Lane>()
  /** Lanes whose first append may be sent, in order of arrival. */
  private ready: Lane[] = []
  private taken = 0
  waiting = 0

  get hasReady(): boolean {
    return this.taken < this.ready.length
  }

  add(append: WaitingAppend): void {
    const { stream } = append.append
    const lane = this.lanes.get(stream)
    this.waiting++
    if (lane) {
      lane.waiting.push(append)
      return
    }
    const added: Lane = { stream, waiting: [append], isUnderWay: false }
    this.lanes.set(stream, added)
    this.ready.push(added)
  }

  /** The next batch: at most so many appends, events and texts; a single append may exceed them, and goes alone. */
  take(): Batch {
    const batch: BatchEntry[] = []
    const room = { appends: MAX_APPENDS, events: MAX_EVENTS, size: MAX_SIZE }
    while (this.hasReady && room.appends > 0) {
      const lane = this.ready[this.taken]!
      const parts = takeParts(lane.waiting, room, batch.length === 0)
      if (parts.length === 0) break
      this.taken++
      lane.isUnderWay = true
      this.waiting -= parts.length
      batch.push(entryOf(parts))
    }
    this.forgetTaken()
    return batch
  }

  /** The batch has ended: what waits behind it in its streams may be sent. */
  done(batch: Batch): void {
    for (const { stream } of batch) {
      const lane = this.lanes.get(stream)!
      lane.isUnderWay = false
      if (lane.waiting.length > 0) this.ready.push(lane)
      else this.lanes.delete(stream)
    }
  }

  // Shifting the array at each take would move all that wait.
  private forgetTaken(): void {
    if (this.taken < 1_000 && this.hasReady) return
    this.ready = this.hasReady ? this.ready.slice(this.taken) : []
    this.taken = 0
  }
}

interface Room {
  appends: number
  events: number
  size: number
}

/** Takes the lane's first append, and those behind it that may be written as one with it, as far as there is room. */
function takeParts(waiting: WaitingAppend[], room: Room, isFirst: boolean): readonly WaitingAppend[] {
  let count = 0
  for (const { append, size } of waiting) {
    const fits = room.appends > 0 && append.events.length <= room.events && size <= room.size
    if (!fits && !(isFirst && count === 0)) break
    if (count > 0 && !(isMergeable(append) && isMergeable(waiting[0]!.append))) break
    room.appends--
    room.events -= append.events.length
    room.size -= size
    count++
  }
  return waiting.splice(0, count)
}
