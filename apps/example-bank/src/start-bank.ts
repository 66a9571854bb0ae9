import { Application, type Module } from '@writ/application'
import { type Logger, silentLogger } from '@writ/event-store'
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
  /** More modules, after the bank's own: a test binds its doubles there. */
  readonly modules?: readonly Module[]
}

export interface RunningBank {
  /** Where it listens. */
  readonly url: string
  /** Where the data lie, for people. */
  readonly storage: string
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
  modules = [],
}: StartOptions): Promise<RunningBank> {
  const { host, port, smtpUrl, mailFrom, publicUrl } = configuration
  const undo: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse())
      await step().catch((error: unknown) => logger.error({ error }, 'a step of the stop failed'))
  }
  try {
    const storage = given ?? (await openStorage(configuration, logger))
    undo.push(() => storage.close())

    // The port first, because links in mails name it; whoever comes before the bank is ready waits at the door.
    const entrance = new Entrance()
    const door = await listen({ host, port, fetch: (request) => entrance.pass(request) })
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${door.port}`

    const bank = await Application.create({
      name: 'bank',
      store: storage.store,
      modules: [
        bankModule({
          storage,
          smtp: smtpUrl === undefined ? undefined : { url: smtpUrl, from: mailFrom },
          publicUrl: publicUrl ?? url,
        }),
        ...modules,
      ],
      dispatch: { timeout: 10_000 },
      logger,
    })
    undo.push(() => bank.stop())
    undo.push(() => door.close(DRAIN))
    await bank.start()
    entrance.open(bankApi(bank, logger).fetch)
    return { url, storage: storage.description, stop }
  } catch (error) {
    await stop()
    throw error
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
