import { AsyncLocalStorage } from 'node:async_hooks'
import { NestedCommandError } from '../errors/nested-command-error.js'

/** A handler that decides while it holds a turn and a connection. */
interface AtWork {
  /** Whose turns they are. */
  readonly turns: object
  readonly stream: string
  isDone: boolean
}

// Costs nothing before the first command that is stored in a transaction of its own.
const atWork = new AsyncLocalStorage<AtWork>()

/** Carries out a handler's work so that what it asks for can be told from what others do. */
export async function whileAtWork<T>(turns: object, stream: string, work: () => Promise<T>): Promise<T> {
  const mine: AtWork = { turns, stream, isDone: false }
  try {
    return await atWork.run(mine, work)
  } finally {
    // What it has left behind waits for nobody's sake.
    mine.isDone = true
  }
}

/** @throws NestedCommandError where a handler that holds a turn asks for another one: when all do, none is ever free */
export function refuseNested(turns: object, stream: string): void {
  const outer = atWork.getStore()
  if (outer?.turns === turns && !outer.isDone) throw new NestedCommandError(stream, outer.stream)
}
