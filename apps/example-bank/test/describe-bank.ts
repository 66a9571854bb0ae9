import { describeIdempotency } from './describe-idempotency.js'
import { describeInput } from './describe-input.js'
import { describeMailbox } from './describe-mailbox.js'
import { describeMails } from './describe-mails.js'
import { describeMovements } from './describe-movements.js'
import { describeOpenings } from './describe-openings.js'
import { describeOperation } from './describe-operation.js'
import { describeReads } from './describe-reads.js'
import { describeReports } from './describe-reports.js'
import { describeSessions } from './describe-sessions.js'
import { describeStatements } from './describe-statements.js'
import { describeTransfers } from './describe-transfers.js'
import { describeVerification } from './describe-verification.js'
import type { TestStorage } from './test-place.js'

/** The bank's behaviour over HTTP, all of it, for every storage that it runs on. */
export function describeBank(on: TestStorage): void {
  describeOpenings(on)
  describeVerification(on)
  describeSessions(on)
  describeReads(on)
  describeMovements(on)
  describeIdempotency(on)
  describeTransfers(on)
  describeStatements(on)
  describeReports(on)
  describeMails(on)
  describeMailbox(on)
  describeInput(on)
  describeOperation(on)
}
