import { setMaxListeners } from 'node:events'
import { Application, type Module } from '@writ/application'
import { type Logger, type Runtime, silentLogger, systemRuntime } from '@writ/event-store'
import { BANK } from './bank.js'
import { bankModule } from './bank.module.js'
import type { Configuration } from './configuration.js'
import { bankApi } from './http/bank-api.js'
import { listen } from './http/server.js'
import { openStorage } from './storage/open-storage.js'
import type { Storage } from './storage/storage.js'

export interface StartOptions {
  readonly configuration: Configuration
  readonly logger?: Logger
  /** Where to keep everything, when it is not for the configuration to say: a test's memory. */
  readonly storage?: Storage
  /** Time, ids and chance, as tests want them. */
  readonly runtime?: Runtime
  /** More modules, after the bank's own: a test binds its doubles there. */
  readonly modules?: readonly Module[]
}

export interface RunningBank {
  /** Where it listens. */
  readonly url: string
  /** Where the data lie, for people. */
  readonly storage: string
  /** For whoever looks after it in this process: what is parked, versions of projections. */
  readonly application: Application
  /** In order: no new requests, those under way, handlers, checkpoints, pools, the embedded server last. */
  stop(): Promise<void>
}

/** How long requests that are under way may take when the bank stops: milliseconds. */
const DRAIN = 5_000

/** @throws StartError for what whoever starts the bank can mend; nothing is left running then */
export async function startBank({
  configuration,
  logger = silentLogger,
  storage: given,
  runtime = systemRuntime,
  modules = [],
}: StartOptions): Promise<RunningBank> {
  const { host, port, smtpUrl, mailFrom } = configuration
  let storage = given
  let bank: Application | undefined

  // The port first: whether it can be had is known at once, and links in mails name it. Who comes early waits at the door.
  const entrance = new Entrance()
  const door = await listen({ host, port, fetch: (request) => entrance.pass(request) })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${door.port}`

  const stopping = new AbortController()
  // Each live statement listens: there may be as many as there are customers.
  setMaxListeners(0, stopping.signal)
  const end = async (patience: number) => {
    stopping.abort()
    const steps = [() => door.close(patience), () => bank?.stop(), () => storage?.close()]
    for (const step of steps) {
      try {
        await step()
      } catch (error) {
        logger.error({ error }, 'a step of the stop failed')
      }
    }
  }
  try {
    storage ??= await openStorage(configuration, logger)
    const smtp = smtpUrl === undefined ? undefined : { url: smtpUrl, from: mailFrom }
    bank = await Application.create({
      name: 'bank',
      store: storage.store,
      runtime,
      modules: [bankModule({ storage, smtp, publicUrl: configuration.publicUrl ?? url, clock: runtime }), ...modules],
      dispatch: { timeout: 10_000 },
      // After a kill, the next process takes over mails and projections when the lease of the killed one has run out.
      subscriptions: { leaseMilliseconds: 2_000 },
      logger,
    })
    bank.container.bind(BANK).toConstantValue(bank)
    await bank.start()
    entrance.open(bankApi(bank, logger, stopping.signal).fetch)
  } catch (error) {
    await end(0)
    throw error
  }
  let stopped: Promise<void> | undefined
  return {
    url,
    storage: storage.description,
    application: bank,
    stop() {
      stopped ??= end(DRAIN)
      return stopped
    },
  }
}

type Answer = (request: Request) => Response | Promise<Response>

/** Holds requests back until there is somebody to answer them. */
class Entrance {
  open!: (answer: Answer) => void
  private readonly opened = new Promise<Answer>((resolve) => {
    this.open = resolve
  })

  async pass(request: Request): Promise<Response> {
    return (await this.opened)(request)
  }
}
