import { randomBytes } from 'node:crypto'
import pg from 'pg'

/**
 * Makes a database of its own on a server that stays, and drops it in the end.
 *
 * @throws Error when the server's user may not make one.
 */
export async function withOwnDatabase<T>(server: string, use: (connectionString: string) => Promise<T>): Promise<T> {
  const name = `writ_check_${randomBytes(6).toString('hex')}`
  await execute(server, `create database ${name}`)
  try {
    const url = new URL(server)
    url.pathname = name
    return await use(url.href)
  } finally {
    await execute(server, `drop database ${name} with (force)`)
  }
}

async function execute(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
