import { StoreUnavailableError, whyNotJson } from '@writ/event-store'
import { translated } from '../postgres-failure.js'
import { Verdict } from '../schema/append-functions.js'
import { answerOf } from './answer.js'
import type { Batch, WaitingAppend } from './batch.js'
import type { Delivery } from './deliver-batch.js'
import { newestEvent } from './newest-event.js'
import { refusalOf, whyNotHeld } from './refusal.js'
import { type EntryVerdict, haveWritten, isWritten } from './verdicts.js'
import { writtenEvents } from './written-events.js'

/** Sends a batch that is written all or none until it is answered; a refusal goes to the first of its appends. It never throws. */
export async function deliverTogether(delivery: Delivery, batch: Batch): Promise<void> {
  const { call, notices } = delivery
  const parts = batch.map((entry) => entry.parts[0]!)
  const answer = await answerOf(
    delivery,
    (client, checkIds) =>
      notices.telling(
        (notify) => call.sendTogether(client, batch, { checkIds, notify }),
        (verdicts) => haveWritten(batch, verdicts),
      ),
    { careful: false, mayBeCommitted: false },
  )
  if (answer.verdicts) return settle(delivery, batch, parts, answer.verdicts)
  const { error, isFinal, mayBeCommitted } = answer
  const appends = parts.map(({ append }) => append)
  if (isFinal) parts[0]!.refuse(error)
  else if (mayBeCommitted) parts[0]!.refuse(new StoreUnavailableError('postgres', 'append', true, error))
  else parts[0]!.refuse(whyNotHeld(appends, error) ?? translated(error, 'append', false))
}

async function settle(
  delivery: Delivery,
  batch: Batch,
  parts: readonly WaitingAppend[],
  verdicts: readonly EntryVerdict[],
): Promise<void> {
  // Only what is stored now was read as JSON, and malformed input comes before any other reason.
  const malformed = verdicts.every(({ verdict }) => verdict === Verdict.accepted)
    ? undefined
    : parts.map(({ append }) => whyNotJson(append)).find((why) => why !== undefined)
  if (malformed) return parts[0]!.refuse(malformed)
  const refused = verdicts.findIndex(({ verdict }) => verdict !== Verdict.notWritten && !isWritten(verdict))
  if (refused === -1) {
    const appended = verdicts.map(({ detail: version, position }) => ({ version, position }))
    const { position, eventId } = newestEvent(
      parts.map(({ append }) => append),
      appended,
    )
    delivery.onAccepted(position, eventId, () => writtenEvents(batch, verdicts))
    for (const [index, answer] of appended.entries()) parts[index]!.accept(answer)
    return
  }
  try {
    const refusal = await refusalOf(parts[refused]!.append, verdicts[refused]!, delivery.reads)
    if (refusal) parts[refused]!.refuse(refusal)
    else await deliverTogether(delivery, batch)
  } catch (error) {
    parts[refused]!.refuse(error)
  }
}
