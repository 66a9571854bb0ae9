import { equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startTemporaryPostgres } from '@writ/postgres-embedded'
import { startService } from './service.js'

describe('the service', () => {
  it('gives the last place to one of two, and says so once and for all', async () => {
    const postgres = await startTemporaryPostgres()
    const { url, stop } = await startService({ connectionString: postgres.connectionString, port: 0 })
    const post = async (path: string, body: object, key: string) =>
      fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'idempotency-key': key } })

    await post('/courses', { course: 'pottery', places: 1 }, 'offer')
    const answers = await Promise.all([
      post('/places', { course: 'pottery', student: 'student-1' }, 'first'),
      post('/places', { course: 'pottery', student: 'student-2' }, 'second'),
    ])
    equal(answers.filter(({ status }) => status === 201).length, 1)

    const again = await post('/places', { course: 'pottery', student: 'student-1' }, 'first')
    equal(again.status, answers[0].status) // the same key, the same answer
    await stop()
    await postgres.stop()
  })
})
