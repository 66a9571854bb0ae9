// For effects outside of the store, several at a time: events that share a sequence are handled in their order, others side by side.
//
//   waiting for those before it in its sequences ─▶ ready ─▶ running ─▶ finished
//                                                     ▲         │
//                                                     └─ retrying ─┘
// or put aside, when its error policy says so or an earlier event of its sequences is.
//
// The checkpoint moves up to the first event that is not finished. What was finished beyond it comes again after a crash.

import type { ParkedEvent, RecordedEvent } from '@writ/event-store'
import { sequencesOf } from '../definition/sequences.js'
import { AsideWithCheckpoint } from '../parking/aside-with-checkpoint.js'
import type { EventPlace } from '../parking/parked-sequences.js'
import type { Parking } from '../parking/parking.js'
import type { PutAside } from '../parking/parking-plan.js'
import { Retries, type RetryWay } from '../parking/retries.js'
import type { Portion } from '../reading/log-entry.js'
import { Attempts } from './attempts.js'
import { callHandler } from './call-handler.js'
import type { CheckpointSaver } from './checkpoint-saver.js'
import { type Delivery, eventsFor, type Progress } from './delivery.js'
import type { Holding } from './holding.js'
import { Interruption } from './interruption.js'
import { type Place, Unfinished } from './unfinished.js'

/** How far it goes beyond the first event that is not finished: so many come again after a crash, at most. */
const MOST_AHEAD = 10_000
/** How many events may wait for others, or for their next attempt: so many are held in memory, at most. */
const MOST_WAITING = 1_000
/** Milliseconds after which handlers that never wait let the rest of the process have its turn. */
const TURN = 10

interface Task {
  readonly event: RecordedEvent
  readonly place: Place
  readonly sequences: readonly string[]
  /** How many events have to be finished before it, and which ones it holds up. */
  blockers: number
  readonly blocked: Task[]
  attempts: Attempts | undefined
}

export class ConcurrentDelivery implements Delivery, RetryWay {
  private readonly holding: Holding
  private readonly aside: AsideWithCheckpoint
  private readonly retries: Retries
  private looking: Promise<void> | undefined
  private readonly unfinished = new Unfinished()
  /** The last one begun of each sequence that is not finished. */
  private readonly last = new Map<string, Task>()
  private readonly ready: Task[] = []
  private readonly troubled = new Set<Task>()
  private running = 0
  private waiting = 0
  private isStarting = false
  private interruption: Interruption | undefined
  /** Those who wait for something to be finished. */
  private waiters: (() => void)[] = []

  constructor(
    private readonly parking: Parking,
    private readonly concurrency: number,
    private readonly saver: CheckpointSaver,
    private readonly progress: Progress,
    /** Told when there is something to save, or to stop for, that was not there before. */
    private readonly wake: () => void,
  ) {
    this.holding = parking.holding
    this.aside = new AsideWithCheckpoint(parking, saver)
    this.retries = new Retries(parking, this, wake)
  }

  get dueAt(): number {
    return this.looking ? Number.POSITIVE_INFINITY : this.retries.dueAt
  }

  async prepare(): Promise<void> {}

  check(): number {
    if (this.interruption) throw this.interruption
    return this.holding.check()
  }

  /** Begins a portion; when it returns, there is room for the next one. */
  async deliver({ entries, upTo }: Portion): Promise<void> {
    let turnSince = this.check()
    for (const entry of entries) {
      const now = this.check()
      const events = eventsFor(this.holding.definition, entry)
      for (const event of events) {
        this.begin(event, event === events.at(-1))
        while (this.isFull) await this.untilFurther()
      }
      if (now >= this.saver.dueAt) await this.saver.saveInPassing()
      if (now >= this.dueAt) await this.work()
      if (now - turnSince > TURN) {
        await this.holding.runtime.sleep(0)
        turnSince = this.check()
      }
    }
    this.unfinished.passed(upTo)
    this.advance()
  }

  /** Begins to look at what is parked: its handlers take their places among the others. */
  async work(): Promise<void> {
    if (this.holding.runtime.monotonic() < this.dueAt) return
    this.looking = this.retries
      .look()
      .catch((error: unknown) => this.interrupt(error))
      .finally(() => {
        this.looking = undefined
        this.wake()
      })
  }

  decided(): void {
    this.retries.wake()
  }

  async end(): Promise<void> {
    this.interruption ??= new Interruption('ending')
    this.notify()
    while (this.running > 0) await this.untilChanged()
    await this.looking
  }

  async retry(event: RecordedEvent, attempts: Attempts): Promise<'done' | 'skip' | PutAside> {
    for (;;) {
      this.check()
      while (this.running >= this.concurrency) {
        await this.untilChanged()
        this.check()
      }
      this.running++
      try {
        await callHandler(this.holding, event, attempts.attempt)
        break
      } catch (error) {
        this.leavePlace()
        const outcome = await attempts.failed(error)
        if (outcome !== 'again') return outcome
      }
    }
    // What stands behind it may begin as soon as it is out, and not before its place is free.
    await this.unpark(event)
    this.leavePlace()
    return 'done'
  }

  async unpark(place: EventPlace): Promise<void> {
    this.aside.takeOut(place)
    this.wake()
  }

  async parkAgain(event: RecordedEvent, aside: PutAside): Promise<void> {
    this.aside.putAgain(event, aside)
    this.wake()
  }

  isUnsaved(parked: ParkedEvent): boolean {
    return this.aside.isUnsaved(parked)
  }

  /** The checkpoint is stored by whoever follows the log, when it comes so far. */
  async save(): Promise<void> {}

  private leavePlace(): void {
    this.running--
    this.notify()
    this.startReady()
  }

  private get isFull(): boolean {
    return this.waiting >= MOST_WAITING || this.unfinished.length >= MOST_AHEAD
  }

  /** What is finished meanwhile is stored in its time, however long there is no room for more. */
  private async untilFurther(): Promise<void> {
    const { runtime } = this.holding
    const left = this.saver.dueAt - this.check()
    const alarm = new AbortController()
    const time = left === Number.POSITIVE_INFINITY ? [] : [runtime.sleep(Math.max(0, left), alarm.signal)]
    await Promise.race([this.untilChanged(), ...time])
    alarm.abort()
    if (this.check() >= this.saver.dueAt) await this.saver.saveInPassing()
  }

  private untilChanged(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve)
    })
  }

  private begin(event: RecordedEvent, isLastPart: boolean): void {
    // The checkpoint passes a stored event when all that it became is finished.
    const place = this.unfinished.begin(isLastPart ? event.position : event.position - 1)
    const task: Task = { event, place, sequences: this.sequencesOf(event), blockers: 0, blocked: [], attempts: undefined }
    for (const sequence of task.sequences) {
      const before = this.last.get(sequence)
      if (before) {
        before.blocked.push(task)
        task.blockers++
      }
      this.last.set(sequence, task)
    }
    this.waiting++
    if (task.blockers === 0) this.makeReady(task)
  }

  /** @throws Interruption: an event whose order nobody knows stops the subscription */
  private sequencesOf(event: RecordedEvent): readonly string[] {
    try {
      return sequencesOf(this.holding.definition, event)
    } catch (error) {
      throw new Interruption('given-up', error)
    }
  }

  private makeReady(task: Task): void {
    this.ready.push(task)
    this.startReady()
  }

  private startReady(): void {
    // A handler that never waits is finished at once, and comes here again.
    if (this.isStarting) return
    this.isStarting = true
    try {
      while (this.running < this.concurrency && this.ready.length > 0) {
        this.check()
        const task = this.ready.shift()!
        // Only now: those before it in its sequences are finished, and one of them may have been put aside.
        if (this.parking.holdsUp(task.event)) this.waitBehind(task)
        else this.start(task)
      }
    } catch (error) {
      this.interrupt(error)
    } finally {
      this.isStarting = false
    }
  }

  private waitBehind(task: Task): void {
    this.aside.put(task.event)
    this.waiting--
    this.finished(task)
  }

  private start(task: Task): void {
    this.running++
    this.waiting--
    let outcome: Promise<unknown> | undefined
    try {
      outcome = callHandler(this.holding, task.event, task.attempts?.attempt ?? 1)
    } catch (error) {
      outcome = Promise.reject(error)
    }
    if (outcome) this.follow(task, outcome).catch((error: unknown) => this.interrupt(error))
    else {
      this.running--
      this.finished(task)
    }
  }

  private async follow(task: Task, outcome: Promise<unknown>): Promise<void> {
    try {
      await outcome
    } catch (error) {
      this.running--
      await this.failed(task, error)
      return
    }
    this.running--
    this.finished(task)
  }

  /** While it waits for its next attempt, it takes nobody's place. */
  private async failed(task: Task, error: unknown): Promise<void> {
    this.waiting++
    this.troubled.add(task)
    this.notify()
    this.startReady()
    task.attempts ??= new Attempts(task.event, this.holding)
    const next = await task.attempts.failed(error)
    if (next === 'again') {
      this.makeReady(task)
      return
    }
    if (next !== 'skip') this.aside.put(task.event, next)
    this.waiting--
    this.finished(task)
  }

  private finished(task: Task): void {
    // The status shows trouble for as long as anyone has it.
    if (this.troubled.delete(task) && this.troubled.size === 0) task.attempts?.over()
    task.place.isFinished = true
    for (const sequence of task.sequences) if (this.last.get(sequence) === task) this.last.delete(sequence)
    for (const next of task.blocked) if (--next.blockers === 0) this.ready.push(next)
    this.advance()
    this.notify()
    this.startReady()
  }

  private advance(): void {
    const wasDueAt = this.saver.dueAt
    let position: number | undefined
    for (const place of this.unfinished.takeFinished()) {
      position = place.position
      if (place.isEvent) this.saver.handled(position)
      else this.saver.passed(position)
    }
    if (position === undefined) return
    this.progress(position)
    if (this.saver.dueAt < wasDueAt) this.wake()
  }

  private interrupt(error: unknown): void {
    this.interruption ??= Interruption.is(error) ? error : new Interruption('given-up', error)
    this.notify()
    this.wake()
  }

  private notify(): void {
    for (const resume of this.waiters.splice(0)) resume()
  }
}
