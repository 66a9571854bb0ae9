import { type Module, module } from '@writ/application'
import { Account } from './account/account.js'
import { AccountNumbers } from './account/account-number.js'
import { OpenAccountHandler } from './account/open-account.handler.js'
import { VerificationCodes } from './account/verification-code.js'
import { Clock } from './clock.js'
import { Credentials } from './credentials/credentials.js'
import { PasswordHasher } from './credentials/password-hasher.js'
import { Idempotency } from './http/idempotency.js'
import { AccountMails } from './mail/account-mails.handler.js'
import { MailAddresses } from './mail/mail-addresses.js'
import { Mailbox } from './mail/mailbox.js'
import { Mailer } from './mail/mailer.js'
import { PublicAddress } from './mail/public-address.js'
import { SmtpMailer, type SmtpOptions } from './mail/smtp-mailer.js'
import { Session } from './session/session.js'
import { SessionTokens } from './session/session-tokens.js'
import { SignInAttempts } from './session/sign-in-attempts.js'
import { StartSessionHandler } from './session/start-session.handler.js'
import { Heartbeat } from './statement/live-statement.js'
import type { Storage } from './storage/storage.js'
import { Transfer } from './transfer/transfer.js'
import { TransferProcess } from './transfer/transfer.process.js'

export interface BankOptions {
  readonly storage: Storage
  /** Without it, mails go into the storage's mailbox. */
  readonly smtp: SmtpOptions | undefined
  readonly publicUrl: string
  readonly clock: Clock
}

/** What the bank consists of, and what its parts have injected. */
export function bankModule({ storage, smtp, publicUrl, clock }: BankOptions): Module {
  return module({
    name: 'bank',
    aggregates: [Account, Session, Transfer],
    commandHandlers: [OpenAccountHandler, StartSessionHandler],
    eventHandlers: [AccountMails],
    processManagers: [TransferProcess],
    projections: storage.projections,
    bindings(container) {
      storage.bindReadModels(container)
      container.bind(Clock).toConstantValue(clock)
      container.bind(Credentials).toConstantValue(storage.credentials)
      container.bind(MailAddresses).toConstantValue(storage.mailAddresses)
      container.bind(SessionTokens).toConstantValue(new SessionTokens(storage.keys.tokens, clock))
      container.bind(SignInAttempts).toConstantValue(new SignInAttempts())
      container.bind(Idempotency).toConstantValue(new Idempotency(storage.keys.fingerprints))
      container.bind(PasswordHasher).toConstantValue(new PasswordHasher())
      container.bind(AccountNumbers).toSelf()
      container.bind(VerificationCodes).toSelf()
      container.bind(Heartbeat).toConstantValue(new Heartbeat())
      container.bind(PublicAddress).toConstantValue(new PublicAddress(publicUrl))
      if (smtp) {
        const mailer = new SmtpMailer(smtp)
        container.bind(Mailer).toConstantValue(mailer)
        container.onDeactivation(Mailer, () => mailer.close())
      } else {
        container.bind(Mailbox).toConstantValue(storage.mailbox)
        container.bind(Mailer).toService(Mailbox)
      }
    },
  })
}
