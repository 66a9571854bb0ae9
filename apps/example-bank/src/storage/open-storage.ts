import type { Logger } from '@writ/event-store'
import type { Configuration } from '../configuration.js'
import { openEmbeddedStorage } from './embedded-storage.js'
import { openPostgresStorage } from './postgres-storage.js'
import type { Storage } from './storage.js'

/** The PostgreSQL that DATABASE_URL names; without one, a server of the bank's own. */
export function openStorage({ databaseUrl, dataFolder }: Configuration, logger: Logger): Promise<Storage> {
  if (databaseUrl !== undefined) return openPostgresStorage({ connectionString: databaseUrl, logger })
  return openEmbeddedStorage({ folder: dataFolder, logger })
}
