import { Hono } from 'hono'
import { z } from 'zod'
import { readJson } from './json-body.js'
import { Problem } from './problem.js'

const patience = 50
const api = new Hono().post('/', async (c) => c.json(await readJson(c, z.strictObject({ text: z.string() }), patience)))
api.onError((error) => (error instanceof Problem ? error.toResponse() : new Response(String(error), { status: 500 })))

const headers = { 'Content-Type': 'application/json' }
const send = (body: NonNullable<RequestInit['body']>, more: Record<string, string> = {}) =>
  api.request('/', { method: 'POST', headers: { ...headers, ...more }, body, duplex: 'half' } as RequestInit)

const streamOf = (chunks: AsyncIterable<Uint8Array>) => ReadableStream.from(chunks) as ReadableStream<Uint8Array>

describe('the body of a request', () => {
  it('is JSON', async () => {
    expect(await (await send('{"text":"a \\"quoted\\": {word}"}')).json()).toEqual({ text: 'a "quoted": {word}' })
  })

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'may come as %s',
    async (type) => {
      expect((await send('{"text":""}', { 'Content-Type': type })).status).toBe(200)
    },
  )

  it('has no key twice, however it is written', async () => {
    for (const body of ['{"text":"a","text":"a"}', '{"text":"a","te\\u0078t":"b"}', '{"text":"a", "text" : "b"}']) {
      const answer = await send(body)
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid-json', key: 'text' }])
    }
    expect((await send('{"text":"\\"text\\":1,\\"text\\":2"}')).status).toBe(200)
  })

  it('is UTF-8', async () => {
    expect((await send(new Uint8Array([0x7b, 0x22, 0x74, 0xff, 0x22, 0x7d]))).status).toBe(400)
  })

  it('is refused when it turns out larger than it may be, though no length was announced', async () => {
    async function* endless() {
      for (;;) yield new Uint8Array(8_192).fill(0x20)
    }
    const answer = await send(streamOf(endless()))
    expect([answer.status, answer.headers.get('Connection')]).toEqual([413, 'close'])
  })

  it('is refused when it comes too slowly', async () => {
    async function* slow() {
      yield new Uint8Array([0x7b])
      await new Promise<void>((resolve) => setTimeout(resolve, 1_000).unref())
    }
    const answer = await send(streamOf(slow()))
    expect([answer.status, await answer.json()]).toMatchObject([408, { code: 'body-too-slow' }])
  })
})
