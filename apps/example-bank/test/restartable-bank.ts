import type { Application } from '@writ/application'
import { BankClient } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'
import type { SmtpInbox } from './smtp-inbox.js'
import type { Place } from './test-place.js'

/** A bank in this process that starts again over what it stored: whoever talks to it need not care that it listens elsewhere then. */
export class RestartableBank extends BankClient {
  private place: Place | undefined
  private running: TestBank | undefined

  constructor(
    private readonly create: () => Promise<Place>,
    private readonly inbox: SmtpInbox | undefined,
  ) {
    super('')
  }

  get application(): Application {
    if (this.running === undefined) throw new Error('The bank does not run.')
    return this.running.application
  }

  async start(): Promise<void> {
    this.place ??= await this.create()
    const storage = await this.place.openStorage()
    this.running = await startTestBank({ storage, ...(this.inbox && { smtpUrl: this.inbox.url }) })
    this.url = this.running.url
  }

  async stop(): Promise<void> {
    await this.running?.stop()
    this.running = undefined
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Takes away what it stored, too. */
  async end(): Promise<void> {
    await this.stop()
    await this.place?.close()
  }
}

/**
 * Gives the tests of a `describe` a bank of their own, which starts before the first of them and ends after the last.
 *
 * @param create makes the place of what it stores.
 * @param inbox the mail server that it sends to, which starts and stops with it; without one it keeps its mails in its mailbox.
 */
export function bankOfTests(create: () => Promise<Place>, inbox?: SmtpInbox): RestartableBank {
  const bank = new RestartableBank(create, inbox)
  beforeAll(async () => {
    await inbox?.start()
    await bank.start()
  })
  afterAll(async () => {
    await bank.end()
    await inbox?.stop()
  })
  return bank
}
