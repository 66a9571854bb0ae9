import { Event } from '@writ/event-store'
import { z } from 'zod'
import { AccountNumber } from '../account/account-number.js'
import { IssuedAt, SessionId } from './session-id.js'

export class SessionStarted extends Event(
  'session-started',
  z.object({ session: SessionId, account: AccountNumber, issuedAt: IssuedAt }),
) {}
