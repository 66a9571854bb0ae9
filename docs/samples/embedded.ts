// #region start
import { startPostgres } from '@writ/postgres-embedded'

export async function withPostgres(dataDirectory: string, use: (connectionString: string) => Promise<void>) {
  const server = await startPostgres({ dataDirectory, database: 'bank', log: console.info })
  await use(server.connectionString) // postgres://postgres:<password>@127.0.0.1:<port>/bank, for any client
  await server.stop()
}
// #endregion start
