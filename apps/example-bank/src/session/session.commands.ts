import { Command } from '@writ/event-store'
import { z } from 'zod'
import { AccountNumber } from '../account/account-number.js'
import { IssuedAt, SessionId } from './session-id.js'

/** Its result is what the token is made of; the token itself is stored nowhere. */
export class StartSession extends Command(
  'start-session',
  z.object({ session: SessionId, account: z.string().max(200), password: z.string().max(200) }),
  { result: z.object({ session: SessionId, account: AccountNumber, issuedAt: IssuedAt }) },
) {}
