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
    if (this.hasEnded) return undefined
    return this.work.transactionOf === transactions ? this : this.work.sender?.holderOf(transactions)
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

const current = new AsyncLocalStorage<AtWork>()
let atWork = 0

/** On whose behalf this code runs; undefined outside of handlers, in those that decide at once, and in what one has left behind. */
export function handlerAtWork(): AtWork | undefined {
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
  const handler = new AtWork(who)
  atWork++
  if (who.place) who.place.handler = handler
  const end = () => handler.end()
  try {
    const done = current.run(handler, work)
    if (!isPromise(done)) {
      end()
      return done
    }
    const promise = Promise.resolve(done)
    promise.then(end, end)
    return promise as T
  } catch (error) {
    end()
    throw error
  }
}

/** What is known of handlers: whoever has decided at once can't have waited for a command of its own; whoever has waited may wait again. */
const manners = new WeakMap<Decide<unknown>, 'at once' | 'may wait'>()

/**
 * Lets a handler decide. One that may wait is watched meanwhile, and that costs a microsecond; so whoever has decided at once, and has left
 * the state alone, is not watched any more until it waits for the first time.
 */
export function decideWatched(
  place: Place,
  { aggregate, decide, command, sender }: CommandExecution,
  state: unknown,
  handling: Handling,
): Decision | Promise<Decision> {
  if (manners.get(decide) === 'at once') {
    const decision = decide(state, command, handling)
    if (isPromise(decision)) manners.set(decide, 'may wait')
    return decision
  }
  const given = stateOnTrial(decide, aggregate, state)
  const decision = whileAtWork({ place, sender }, () => decide(given, command, handling))
  if (isPromise(decision)) manners.set(decide, 'may wait')
  else if (!manners.has(decide) && isTrusted(decide)) manners.set(decide, 'at once')
  return decision
}
