import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@writ/event-store'
import { PostgresEmbeddedError, type PostgresServer, startPostgres } from '@writ/postgres-embedded'
import { StartError } from '../start-error.js'
import { openPostgresStorage } from './postgres-storage.js'
import type { Storage } from './storage.js'

export interface EmbeddedStorageOptions {
  /** Where the data lie; made if it is not there. */
  readonly folder: string
  readonly logger: Logger
}

/** A PostgreSQL of the bank's own: a child of this process, on a folder. */
export async function openEmbeddedStorage({ folder, logger }: EmbeddedStorageOptions): Promise<Storage> {
  const log = (line: string) => logger.info({}, `embedded PostgreSQL: ${line}`)
  let server = await startPostgres({ dataDirectory: folder, database: 'bank', log }).catch(whyNot)
  let isClosing = false
  const watching = watch()
  try {
    const storage = await openPostgresStorage({ connectionString: server.connectionString, logger })
    return {
      ...storage,
      description: `an embedded PostgreSQL ${server.version}, its data in ${server.dataDirectory}`,
      async close() {
        await storage.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }

  // A server that ends by itself is started again where it was; until then the bank answers 503, and says so in its health.
  async function watch(): Promise<void> {
    for (;;) {
      const exit = await server.exited
      if (isClosing) return
      logger.error({ exit }, 'the embedded PostgreSQL has ended; starting it again')
      await sleep(1_000)
      if (isClosing) return
      server = await restarted(server)
      if (isClosing) return server.stop()
    }
  }

  async function restarted(ended: PostgresServer): Promise<PostgresServer> {
    try {
      return await startPostgres({ dataDirectory: folder, database: 'bank', port: ended.port, log })
    } catch (error) {
      logger.error({ error }, 'the embedded PostgreSQL does not start')
      return ended
    }
  }

  async function stop(): Promise<void> {
    isClosing = true
    await server.stop()
    await watching
  }
}

function whyNot(error: unknown): never {
  if (error instanceof PostgresEmbeddedError) throw new StartError(error.message)
  throw error
}
