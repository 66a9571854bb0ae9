import { type AppendGroup, type Batch, type BatchEntry, entryOf, isMergeable, type WaitingAppend } from './batch.js'

const MAX_APPENDS = 128
const MAX_EVENTS = 1_000
const MAX_SIZE = 4_194_304
/** After so many new lanes, most of which have come and gone, their map is made anew. */
const LANES_OF_A_MAP = 512

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
 * after that other one was refused. Appends to several streams go as a batch of their own, when it is their turn in each of their lanes.
 */
export class AppendLanes {
  private lanes = new Map<string, Lane>()
  /** How many were put into this map so far. */
  private entered = 0
  /** Lanes whose first append may be sent, in order of arrival. */
  private readyLanes: Lane[] = []
  private taken = 0
  /** Groups of which every append is first in its lane. */
  private readonly readyGroups: AppendGroup[] = []
  waiting = 0

  get hasReady(): boolean {
    return this.ready > 0
  }

  /** How many streams have an append that may be sent. */
  get ready(): number {
    return this.readyLanes.length - this.taken
  }

  get hasReadyGroup(): boolean {
    return this.readyGroups.length > 0
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
    this.enter(added)
    this.makeReady(added)
  }

  /** The next group, as a batch of its own. */
  takeGroup(): Batch {
    const { parts } = this.readyGroups.shift()!
    this.waiting -= parts.length
    return parts.map((part) => {
      const lane = this.lanes.get(part.append.stream)!
      lane.waiting.shift()
      lane.isUnderWay = true
      return entryOf([part])
    })
  }

  /** The next batch: at most so many appends, events and texts; a single append may exceed them, and goes alone. */
  take(most = MAX_APPENDS): Batch {
    const batch: BatchEntry[] = []
    const room = { appends: Math.min(most, MAX_APPENDS), events: MAX_EVENTS, size: MAX_SIZE }
    while (this.hasReady && room.appends > 0) {
      const lane = this.readyLanes[this.taken]!
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
      if (lane.waiting.length > 0) this.makeReady(lane)
      else this.lanes.delete(stream)
    }
  }

  // A map that entries come to and go from gets new tables inside all the time. In one that has grown old they are old from the start,
  // and each that is dropped drags what its lanes refer to, whole events, into the old part of the heap: 190 bytes an append.
  private enter(lane: Lane): void {
    if (++this.entered > LANES_OF_A_MAP && this.entered > 4 * this.lanes.size) {
      this.lanes = new Map(this.lanes)
      this.entered = 0
    }
    this.lanes.set(lane.stream, lane)
  }

  private makeReady(lane: Lane): void {
    const { group } = lane.waiting[0]!
    if (group === undefined) this.readyLanes.push(lane)
    else if (++group.arrived === group.parts.length) this.readyGroups.push(group)
  }

  // Shifting the array at each take would move all that wait.
  private forgetTaken(): void {
    if (this.taken < 1_000 && this.hasReady) return
    this.readyLanes = this.hasReady ? this.readyLanes.slice(this.taken) : []
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
  for (const { append, size, group } of waiting) {
    if (group !== undefined) break
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
