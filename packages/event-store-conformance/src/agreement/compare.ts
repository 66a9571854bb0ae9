import { isDeepStrictEqual } from 'node:util'
import type { EventStore } from '@writ/event-store'
import { EarlierAppends } from './earlier-appends.js'
import { Names } from './names.js'
import type { AppendOperation, Operation, RepeatOperation, TogetherOperation } from './operation.js'
import { type Answer, Session } from './session.js'

export interface Compared {
  /** The store under test, as several processes have it: all on the same data. */
  readonly tested: readonly EventStore[]
  /** One of them that may take events out. */
  readonly eraser: EventStore
  /** Opens a new, empty store that is trusted, and may take events out. */
  readonly reference: () => Promise<EventStore>
}

/** An operation as it was asked in fact. */
type Asked = Exclude<Operation, RepeatOperation | TogetherOperation>

/**
 * Asks two stores the same, one operation after another, and throws where their answers or their logs differ.
 *
 * What is under way at the same time in the one is asked of the other in one order after another, until an order explains the answers.
 */
export async function compare(operations: readonly Operation[], { tested, eraser, reference }: Compared): Promise<void> {
  const names = new Names()
  const earlier = new EarlierAppends()
  const history: Asked[] = []
  const session = await Session.begin(tested, names, eraser)
  let trusted = await Session.begin([await reference()], names)
  const versionOf = (stream: number) => session.places.versionOf(names.stream(stream))

  const askBoth = async (asked: Asked) => {
    expect(await ask(session, asked)).toEqual(await ask(trusted, asked))
    history.push(asked)
  }

  const askTogether = async (together: TogetherOperation) => {
    const appends = earlier.resolveAll(together, versionOf).map((append) => knowingAtMost(session.places.count, append))
    const answered = await told(session, Promise.all(appends.map((append) => session.append(append))))
    const explanations: object[] = []
    for (const order of ordersOf(appends.map((_, index) => index))) {
      const attempt = await Session.begin([await reference()], names)
      for (const asked of history) await ask(attempt, asked)
      const expected = await told(attempt, inOrder(attempt, appends, order))
      explanations.push(expected)
      if (!isDeepStrictEqual(answered, expected)) continue
      trusted = attempt
      history.push(...order.map((index) => appends[index]!))
      earlier.add(...appends)
      return
    }
    // No order explains the answers; the first one, in which they were called, shows by how much.
    expect(answered).toEqual(explanations[0])
    throw new Error('The answers differ in what is undefined')
  }

  for (const [index, operation] of operations.entries()) {
    try {
      if (operation.kind === 'together') await askTogether(operation)
      else if (operation.kind === 'append' || operation.kind === 'repeat') {
        const append = earlier.resolve(operation, versionOf)
        await askBoth(append)
        earlier.add(append)
      } else if (operation.kind === 'append all' || operation.kind === 'transaction') {
        const appends = operation.appends.map((append) => earlier.resolve(append, versionOf))
        await askBoth({ ...operation, appends })
        earlier.add(...appends)
      } else if (operation.kind === 'find events') await askBoth({ ...operation, ids: earlier.idsOf(operation.which) })
      else await askBoth(operation)
    } catch (error) {
      throw new Error(`Operation ${index + 1}, ${JSON.stringify(operation)}: ${messageOf(error)}`, { cause: error })
    }
  }
  const log = await trusted.log()
  for (const by of tested.keys()) expect(await session.log(by)).toEqual(log)
}

async function ask(session: Session, asked: Asked): Promise<object> {
  switch (asked.kind) {
    case 'append':
      return told(session, Promise.all([session.append(asked)]))
    case 'append all':
    case 'transaction':
      return told(session, Promise.all([session.several(asked)]))
    case 'stream info':
    case 'delete stream':
    case 'truncate stream':
    case 'list streams':
      return told(session, Promise.all([session.stream(asked)]))
    case 'head':
    case 'find events':
    case 'read stream':
    case 'read all':
      return { answer: (await session.read(asked))() }
    default:
      return { answer: (await session.aside(asked))() }
  }
}

/** The answers, and what the log has gained by then: the answers may tell of it. */
async function told(session: Session, answers: Promise<readonly Answer[]>): Promise<object> {
  const all = await answers
  const appended = await session.follow()
  return { answers: all.map((answer) => answer()), appended }
}

async function inOrder(session: Session, appends: readonly AppendOperation[], order: readonly number[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const index of order) answers[index] = await session.append(appends[index]!)
  return answers
}

/** Appends that are under way together can't know of each other's events: no condition and no link of theirs is about those. */
function knowingAtMost(count: number, append: AppendOperation): AppendOperation {
  const { condition, links } = append
  return {
    ...append,
    ...(condition && { condition: { ...condition, after: Math.min(condition.after, count) } }),
    ...(links && { links: links.filter(({ place }) => place <= count) }),
  }
}

function* ordersOf(indexes: readonly number[]): Generator<readonly number[]> {
  if (indexes.length < 2) yield indexes
  else {
    for (const index of indexes) {
      for (const others of ordersOf(indexes.filter((other) => other !== index))) yield [index, ...others]
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
