import { type Application, type Module, module } from '@writ/application'
import { type Logger, type Runtime, silentLogger } from '@writ/event-store'
import type { Configuration } from '../src/configuration.js'
import { PasswordHasher } from '../src/credentials/password-hasher.js'
import { startBank } from '../src/start-bank.js'
import type { Storage } from '../src/storage/storage.js'
import { BankClient } from './bank-client.js'

/** Quiet, but for what no test expects: one that fails because the bank made a mistake should say which. */
const onlyMistakes: Logger = {
  ...silentLogger,
  error: (facts, message) => message === 'a request failed' && console.error(message, facts),
}

export interface TestBank extends BankClient {
  readonly application: Application
  stop(): Promise<void>
}

/** A bank in this process, at a free port, quiet, and with passwords that are cheap to hash. */
export async function startTestBank(options: {
  readonly storage: Storage
  readonly smtpUrl?: string
  readonly logger?: Logger
  readonly runtime?: Runtime
  readonly bindings?: Module['bindings']
}): Promise<TestBank> {
  const { storage, smtpUrl, logger = onlyMistakes, runtime, bindings } = options
  const configuration: Configuration = {
    port: 0,
    host: '127.0.0.1',
    databaseUrl: undefined,
    dataFolder: '',
    smtpUrl,
    mailFrom: 'bank@example.com',
    publicUrl: 'https://bank.example.com',
    logLevel: 'silent',
  }
  const doubles = module({
    name: 'doubles',
    bindings(container) {
      container.rebind(PasswordHasher).toConstantValue(new PasswordHasher({ N: 1_024, r: 8, p: 1 }))
      bindings?.(container)
    },
  })
  const bank = await startBank({ configuration, storage, logger, ...(runtime && { runtime }), modules: [doubles] })
  return Object.assign(new BankClient(bank.url), { application: bank.application, stop: bank.stop })
}
