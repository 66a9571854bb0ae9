import { AsyncLocalStorage } from 'node:async_hooks'
import type { Decide, Handling } from '../definition/decider.js'
import type { Decision } from '../definition/decision.js'
import { isPromise } from '../state/apply-event.js'
import type { CommandExecution } from './command-execution.js'
import { isTrusted, stateOnTrial } from './on-trial.js'

/** Where commands wait for the one that is being decided: those to one stream, in one process. */
export interface Place {
  readonly stream: string
  /** Whoever decides there now, if it may wait for something. */
  handler: AtWork | undefined
}

/** Who is at work. */
interface Work {
  /** Where others wait for it; nowhere where it is the work of a transaction. */
  readonly place?: Place
  /** Whose transactions it holds one of, with the connection and the locks. */
  readonly transactionOf?: object
  /** The inline projection that is at work within an append: any command could wait for that. */
  readonly projection?: string
  /** Who has sent the command that it decides on, or begun the transaction, and waits for it. */
  readonly sender?: AtWork | undefined
}

/** A handler, the work of a transaction, or an inline projection, that may wait for commands which it has dispatched itself. */
export class AtWork {
  /** Where these commands wait: one entry for each. */
  private readonly waits = new Set<{ readonly place: Place }>()
  private hasEnded = false

  constructor(private readonly work: Work) {}

  /** Whether it is over. What it has left behind then waits for nobody's sake. */
  get isOver(): boolean {
    return this.hasEnded
  }

  /** Whoever it is that holds a transaction of these: it, or who waits for it. */
  holderOf(transactions: object): AtWork | undefined {
    return this.thatIs(({ transactionOf }) => transactionOf === transactions)
  }

  /** Whoever it is that decides there: it, or who waits for it. */
  deciderAt(there: Place): AtWork | undefined {
    return this.thatIs(({ place }) => place === there)
  }

  /** Who does such work: it, or who waits for it. */
  thatIs(such: (work: Work) => boolean): AtWork | undefined {
    if (this.hasEnded) return undefined
    return such(this.work) ? this : this.work.sender?.thatIs(such)
  }

  /** The stream whose command it decides on; undefined for the work of a transaction. */
  get stream(): string | undefined {
    return this.work.place?.stream
  }

  /** The inline projection that it is. */
  get projection(): string | undefined {
    return this.work.projection
  }

  /** Whether a command of its own would wait there for what waits for that command. */
  wouldWaitForItself({ handler }: Place): boolean {
    return handler?.waitsFor(this) === true
  }

  /** Notes that it waits there until the answer comes. */
  async waiting<T>(place: Place, answer: Promise<T>): Promise<T> {
    const wait = { place }
    this.waits.add(wait)
    try {
      return await answer
    } finally {
      this.waits.delete(wait)
    }
  }

  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    const { place } = this.work
    if (place?.handler === this) place.handler = undefined
    // On Node 20 every promise of the process would cost more as long as it is on.
    if (--atWork === 0) current.disable()
  }

  private waitsFor(other: AtWork): boolean {
    const { sender } = other.work
    if (this === other || (sender?.isOver === false && this.waitsFor(sender))) return true
    for (const { place } of this.waits) if (place.handler?.waitsFor(other)) return true
    return false
  }
}

const current = new AsyncLocalStorage<AtWork | undefined>()
let atWork = 0

/** Who decides on this very stack without being watched. */
let unwatched: Work | undefined
/** The same one, as soon as it does what it may wait for; and in whose name this code has run before. */
let noticed: { readonly handler: AtWork; readonly before: AtWork | undefined } | undefined

/** On whose behalf this code runs; undefined outside of handlers, and in what one has left behind. */
export function handlerAtWork(): AtWork | undefined {
  if (unwatched !== undefined) return notice(unwatched)
  if (atWork === 0) return undefined
  const handler = current.getStore()
  return handler?.isOver === false ? handler : undefined
}

/** Does something in nobody's name, such as what goes on when a handler is done. */
export function inNobodysName<T>(work: () => T): T {
  return atWork === 0 ? work() : current.exit(work)
}

/** Does the work so that the commands which it dispatches are known for its own. */
export function whileAtWork<T>(who: Work, work: () => T): T {
  const handler = begun(who)
  try {
    return untilDone(handler, current.run(handler, work))
  } catch (error) {
    handler.end()
    throw error
  }
}

function begun(who: Work): AtWork {
  const handler = new AtWork(who)
  atWork++
  if (who.place) who.place.handler = handler
  return handler
}

/** Whoever has answered with a promise is at work until that is kept or broken. */
function untilDone<T>(handler: AtWork, done: T): T {
  const end = () => handler.end()
  if (!isPromise(done)) {
    end()
    return done
  }
  const promise = Promise.resolve(done)
  promise.then(end, end)
  return promise as T
}

/** What is known of handlers: whoever has decided at once can't have waited for a command of its own; whoever has waited may wait again. */
const manners = new WeakMap<Decide<unknown>, 'at once' | 'may wait'>()

/**
 * Lets a handler decide. One that may wait is watched meanwhile, and that costs a microsecond; so whoever has decided at once, and has left
 * the state alone, is not watched any more until it waits for the first time.
 */
export function decideWatched(
  place: Place,
  execution: CommandExecution,
  state: unknown,
  handling: Handling,
): Decision | Promise<Decision> {
  const { aggregate, decide, command, sender } = execution
  if (manners.get(decide) === 'at once') return decideUnwatched(place, execution, state, handling)
  const given = stateOnTrial(decide, aggregate, state)
  const decision = whileAtWork({ place, sender }, () => decide(given, command, handling))
  if (isPromise(decision)) manners.set(decide, 'may wait')
  else if (!manners.has(decide) && isTrusted(decide)) manners.set(decide, 'at once')
  return decision
}

/** The same for one that has always decided at once: it is watched from its first dispatch on, if it makes that before it waits for anything else. */
function decideUnwatched(
  place: Place,
  { decide, command, sender }: CommandExecution,
  state: unknown,
  handling: Handling,
): Decision | Promise<Decision> {
  let decision: Decision | Promise<Decision>
  unwatched = { place, sender }
  try {
    decision = decide(state, command, handling)
  } catch (error) {
    leaveUnwatched()?.end()
    throw error
  }
  const handler = leaveUnwatched()
  if (isPromise(decision)) manners.set(decide, 'may wait')
  return handler ? untilDone(handler, decision) : decision
}

/** Watches it from now on. */
function notice(work: Work): AtWork {
  if (noticed === undefined) {
    const before = atWork === 0 ? undefined : current.getStore()
    noticed = { handler: begun(work), before }
    current.enterWith(noticed.handler)
  }
  return noticed.handler
}

/** @returns whoever was noticed, and is still at work */
function leaveUnwatched(): AtWork | undefined {
  unwatched = undefined
  if (noticed === undefined) return undefined
  const { handler, before } = noticed
  noticed = undefined
  current.enterWith(before)
  return handler
}
