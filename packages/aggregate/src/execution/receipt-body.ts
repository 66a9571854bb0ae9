import { DomainError, type Json, type NewReceipt, type Receipt } from '@writ/event-store'
import { CommandIdReusedError } from '../errors/execution-errors.js'
import type { CommandExecution, Executed } from './command-execution.js'
import { decodeResult } from './conclude.js'
import type { PendingCommand } from './pending-command.js'
import { type RefusalBody, refusalBody } from './refusal-body.js'

/** What a receipt says: enough to answer every repetition as the first time. */
interface ReceiptBody {
  readonly fingerprint: string
  /** How many events the command decided. */
  readonly events: number
  readonly result?: Json
  readonly refused?: RefusalBody
}

/** The receipt of a command that has been decided. */
export function receiptFor({ execution, events, result, refusal }: PendingCommand, eventsUpTo: number): NewReceipt {
  const body: ReceiptBody = {
    fingerprint: execution.receipt?.fingerprint ?? '',
    events: events.length,
    ...(result !== undefined && { result }),
    ...(refusal && { refused: refusalBody(refusal) }),
  }
  return { commandId: execution.commandId, eventsUpTo, body: JSON.stringify(body) }
}

/**
 * A receipt → the answer that the first one got.
 *
 * @throws CommandIdReusedError when it is another command's; DomainError when that one was refused
 */
export function answerOf(receipt: Receipt, execution: CommandExecution): Executed {
  const body = JSON.parse(receipt.body) as ReceiptBody
  if (body.fingerprint !== execution.receipt?.fingerprint) throw new CommandIdReusedError(receipt.commandId, receipt.stream)
  if (body.refused) throw new DomainError(body.refused.code, body.refused.message, body.refused.facts)
  return {
    commandId: receipt.commandId,
    stream: receipt.stream,
    version: receipt.version,
    position: receipt.position,
    eventCount: body.events,
    result: decodeResult(body.result, execution),
    repeated: true,
  }
}
