import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { Application, module } from '@writ/application'
import { DomainError, hasCode } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { Course, OfferCourse, TakePlace } from './course.js'
import { CoursePlaces, findCourse } from './course-places.js'

const Position = z.coerce.number().int().min(0)

export async function startService({ connectionString, port }: { connectionString: string; port: number }) {
  const pool = new pg.Pool({ connectionString })
  pool.on('error', (error) => console.error('A connection broke; the pool makes another one.', error))
  const courses = module({ name: 'courses', aggregates: [Course], projections: [CoursePlaces] })
  const app = await Application.create({ store: postgresEventStore({ pool }), modules: [courses] })
  await app.start()

  const server = createServer(async (request, response) => {
    const { status, body } = await answer(request, app, pool).catch(problem)
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close() // no more requests
      server.closeIdleConnections()
      await app.stop() // commands under way, handlers, checkpoints
      await pool.end()
    },
  }
}

async function answer(request: IncomingMessage, app: Application, pool: pg.Pool): Promise<{ status: number; body: object }> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const idempotencyKey = request.headers['idempotency-key'] as string | undefined
  const options = idempotencyKey === undefined ? {} : { idempotencyKey }

  if (request.method === 'POST' && pathname === '/courses') {
    const command = new OfferCourse(OfferCourse.schema.parse(await json(request)))
    const { version, position } = await app.dispatch(command, options)
    return { status: 201, body: { version, position } }
  }
  if (request.method === 'POST' && pathname === '/places') {
    const command = new TakePlace(TakePlace.schema.parse(await json(request)))
    const { result, version, position } = await app.dispatch(command, options)
    return { status: 201, body: { ...result, version, position } }
  }
  const [, name] = /^\/courses\/([a-z0-9-]+)$/.exec(pathname) ?? []
  if (request.method === 'GET' && name !== undefined) {
    // Whoever has just written sends the position of it, and sees it.
    const after = Position.parse(searchParams.get('after') ?? 0)
    await app.waitFor(after, { handlers: ['course-places'] })
    const found = await findCourse(pool, name)
    if (found) return { status: 200, body: found }
  }
  return { status: 404, body: { code: 'not-found' } }
}

function problem(error: unknown): { status: number; body: object } {
  if (DomainError.is(error)) return { status: 409, body: { code: error.code, message: error.message } }
  if (error instanceof z.ZodError || error instanceof SyntaxError)
    return { status: 400, body: { code: 'invalid-request', message: error.message } }
  if (hasCode(error, 'committed-not-yet-visible')) return { status: 503, body: { code: error.code, message: error.message } }
  if (hasCode(error, 'command-id-reused')) return { status: 422, body: { code: error.code, message: error.message } }
  console.error(error)
  return { status: 500, body: { code: 'internal-error' } }
}
