import { type Append, hasCode, type Logger, type StoreUnavailableError } from '@writ/event-store'
import {
  dropPostgresEventStore,
  migratePostgresEventStore,
  type PostgresEventStore,
  postgresEventStore,
} from '@writ/event-store-postgres'
import { startPostgres } from '@writ/postgres-embedded'
import pg from 'pg'

// #region connect
export async function connected(connectionString: string, logger: Logger) {
  const store = postgresEventStore({ connectionString, schema: 'bank', poolSize: 20, logger })
  await store.start()
  return store
}
// #endregion connect
// #region roles
/** A step of the deployment, before the new code starts. */
export async function deploy(ownersConnection: string, logger: Logger) {
  const { from, to } = await migratePostgresEventStore({
    connectionString: ownersConnection,
    schema: 'bank',
    grantTo: 'bank_service',
    logger,
  })
  logger.info({ from, to }, 'The event store is up to date')
}

/** The service itself: its role can't create, alter or drop anything, and can't change what is written. */
export function service(servicesConnection: string) {
  return postgresEventStore({ connectionString: servicesConnection, schema: 'bank', migrate: false })
}
// #endregion roles
// #region drop
export async function forget(connectionString: string, tenant: string) {
  return dropPostgresEventStore({ connectionString, schema: tenant, confirm: tenant })
}
// #endregion drop
// #region tenants
export class Tenants {
  private readonly pool: pg.Pool
  private readonly stores = new Map<string, Promise<PostgresEventStore>>()

  constructor(connectionString: string) {
    this.pool = new pg.Pool({ connectionString, max: 20, connectionTimeoutMillis: 10_000 })
  }

  store(tenant: string): Promise<PostgresEventStore> {
    let store = this.stores.get(tenant)
    if (!store) {
      store = this.open(tenant)
      this.stores.set(tenant, store)
    }
    return store
  }

  async stop() {
    for (const store of this.stores.values()) await (await store).stop()
    await this.pool.end()
  }

  private async open(tenant: string) {
    const store = postgresEventStore({ pool: this.pool, schema: `tenant_${tenant}` })
    await store.start()
    return store
  }
}
// #endregion tenants

// #region unavailable
export async function appendOnce(store: PostgresEventStore, append: Append) {
  try {
    return await store.append(append)
  } catch (error) {
    if (!hasCode<StoreUnavailableError>(error, 'store-unavailable')) throw error
    // Certainly not stored, or perhaps: the same event ids make sure that a repetition is stored once.
    return error.mayBeCommitted ? await store.append(append) : undefined
  }
}
// #endregion unavailable

// #region pooler
export function behindPooler(connectionString: string) {
  return postgresEventStore({ connectionString, schema: 'bank', pooler: 'transaction' })
}
// #endregion pooler

// #region embedded
export async function withoutServer(dataDirectory: string, logger: Logger) {
  const server = await startPostgres({ dataDirectory, database: 'bank', log: (line) => logger.info({}, line) })
  const store = postgresEventStore({ connectionString: server.connectionString, logger })
  await store.start()
  return {
    store,
    async stop() {
      await store.stop()
      await server.stop()
    },
  }
}
// #endregion embedded
