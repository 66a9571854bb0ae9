import { randomBytes } from 'node:crypto'
import { testDatabase } from '@writ/build-tools'
import { silentLogger } from '@writ/event-store'
import pg from 'pg'
import { openPostgresStorage } from '../src/storage/postgres-storage.js'
import type { Storage } from '../src/storage/storage.js'

/** Where the data of one bank is. */
export interface Place {
  /** Opens the storage on this place's data: what was there at the last close is there again. */
  openStorage(): Promise<Storage>
  close(): Promise<void>
}

/** A storage that the bank runs on: as the names of the tests call it, with the making of a new place in it. */
export interface TestStorage {
  readonly storage: string
  readonly create: () => Promise<Place>
}

/** A database of its own on the server of this test run: the bank's schemas have fixed names. */
export async function createDatabase(): Promise<{ readonly connectionString: string; drop(): Promise<void> }> {
  const server = testDatabase().connectionString
  const name = `bank_test_${process.env.WRIT_TEST_RUN}_${randomBytes(5).toString('hex')}`
  await execute(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { connectionString: url.href, drop: () => execute(server, `drop database ${name} with (force)`) }
}

export async function postgresPlace(): Promise<Place> {
  const { connectionString, drop } = await createDatabase()
  return { openStorage: () => openPostgresStorage({ connectionString, logger: silentLogger }), close: drop }
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
