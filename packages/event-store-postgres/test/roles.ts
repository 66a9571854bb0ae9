import { randomBytes } from 'node:crypto'
import { testDatabase } from '@writ/build-tools'
import { adminClient, willClose } from './test-store.js'

/** A role of the server that may log in, and nothing else; it goes with the test file. */
export async function newRole(): Promise<{ role: string; connectionString: string }> {
  const admin = await adminClient()
  const role = `writ_test_role_${randomBytes(5).toString('hex')}`
  await admin.query(`create role ${role} login password 'hush-hush'`)
  willClose({
    stop: async () => {
      const closing = await adminClient()
      await closing.query(`drop owned by ${role} cascade; drop role ${role}`)
      await closing.end()
    },
  })
  const url = new URL(testDatabase().connectionString)
  url.username = role
  url.password = 'hush-hush'
  return { role, connectionString: url.href }
}
