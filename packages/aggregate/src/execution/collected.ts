import type { Append, NewEvent, NewReceipt } from '@writ/event-store'
import type { PendingCommand } from './pending-command.js'
import { receiptFor } from './receipt-body.js'

const MAX_COMMANDS = 256
const MAX_EVENTS = 1_000
/** Of data and metadata, as UTF-16: some megabytes a send. */
const MAX_CHARACTERS = 4_194_304

/** Nothing is ever added to it: what is collected begins with a list of its own. */
const none: PendingCommand[] = []
Object.freeze(none)

/** Commands that have been decided and not yet sent, in their order. */
export class Collected {
  private list = none
  private eventCount = 0
  private characters = 0

  get commands(): readonly PendingCommand[] {
    return this.list
  }

  get isEmpty(): boolean {
    return this.list.length === 0
  }

  /** There is as much as the next send takes: deciding further ahead would only be undone more often. */
  get isFull(): boolean {
    return this.list.length >= MAX_COMMANDS || this.eventCount >= MAX_EVENTS || this.characters >= MAX_CHARACTERS
  }

  add(command: PendingCommand): void {
    // Most sends hold one command: a list for one takes a quarter of the room that a list has which was pushed to.
    if (this.list.length === 0) this.list = [command]
    else this.list.push(command)
    this.eventCount += command.newEvents.length
    for (const { data, metadata } of command.newEvents) this.characters += data.length + metadata.length
  }

  takeAll(): PendingCommand[] {
    const all = this.list
    this.list = none
    this.eventCount = 0
    this.characters = 0
    return all
  }

  /** Takes what one send may hold: at least one command, and one that must go alone goes alone. */
  takeSend(): PendingCommand[] {
    const end = this.list.length === 1 ? 1 : this.endOfSend()
    const all = this.takeAll()
    if (end < all.length) for (const command of all.splice(end)) this.add(command)
    return all
  }

  private endOfSend(): number {
    let events = 0
    for (const [index, command] of this.list.entries()) {
      events += command.newEvents.length
      if (index > 0 && (goesAlone(command) || events > MAX_EVENTS)) return index
      if (goesAlone(command)) return 1
    }
    return this.list.length
  }
}

function goesAlone({ alone, condition }: PendingCommand): boolean {
  return alone || condition !== undefined
}

/** Commands → the one append that stores them all, or none. Failed ones have no part in it. */
export function appendOf(stream: string, expectedVersion: number, commands: readonly PendingCommand[]): Append {
  const first = commands[0]!
  if (commands.length === 1 && first.execution.receipt === undefined && first.condition === undefined) {
    return { stream, events: first.newEvents, expectedVersion }
  }
  const events: NewEvent[] = []
  let receipts: NewReceipt[] | undefined
  for (const command of commands) {
    for (const event of command.newEvents) events.push(event)
    if (command.execution.receipt === undefined || command.failed) continue
    receipts ??= []
    receipts.push(receiptFor(command, events.length))
  }
  return {
    stream,
    events,
    expectedVersion,
    ...(receipts && { receipts }),
    ...(first.condition && { condition: first.condition }),
  }
}
