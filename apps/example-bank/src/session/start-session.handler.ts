import { decided } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { inject } from 'inversify'
import { Clock } from '../clock.js'
import { Credentials } from '../credentials/credentials.js'
import { PasswordHasher } from '../credentials/password-hasher.js'
import { StartSession } from './session.commands.js'
import { WrongCredentials } from './session.errors.js'
import { SessionStarted } from './session.events.js'
import { Session } from './session.js'

@CommandHandler(StartSession, { aggregate: Session })
export class StartSessionHandler {
  constructor(
    @inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @inject(Credentials) private readonly credentials: Credentials,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  async handle(_: Session, { session, account, password }: StartSession) {
    const isRight = await this.passwords.matches(password, await this.credentials.find(account))
    if (!isRight) throw new WrongCredentials()
    const issuedAt = Math.floor(this.clock.now() / 1_000)
    return decided(new SessionStarted({ session, account, issuedAt }), { session, account, issuedAt })
  }
}
