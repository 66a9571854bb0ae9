import type { Context } from 'hono'
import type { z } from 'zod'
import { invalidBody, Problem } from './problem.js'

const MAX_BYTES = 64 * 1_024
const PATIENCE = 10_000

/**
 * Reads and checks the body of a request.
 *
 * @throws Problem 415, 413, 408 or 400; it names places, and never repeats a value
 */
export async function readJson<Schema extends z.ZodObject>(
  c: Context,
  schema: Schema,
  patience = PATIENCE,
): Promise<z.output<Schema>> {
  const { headers } = c.req.raw
  if (!/^application\/json *(; *charset="?utf-8"? *)?$/i.test(headers.get('Content-Type') ?? '')) {
    throw new Problem(415, 'unsupported-media-type', 'Send the body as `Content-Type: application/json`.')
  }
  // What is small when it comes may be huge when it is unpacked.
  if (!/^(identity)?$/i.test(headers.get('Content-Encoding') ?? '')) {
    throw new Problem(415, 'unsupported-media-type', 'Send the body without Content-Encoding.')
  }
  const parsed = schema.safeParse(parse(await readBytes(c.req.raw, patience)))
  if (parsed.success) return parsed.data
  throw invalidBody(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })))
}

async function readBytes(request: Request, patience: number): Promise<Uint8Array> {
  // Where the body is not read to its end, the connection can't be used again.
  const closing = { headers: { Connection: 'close' } }
  const tooLarge = new Problem(413, 'body-too-large', `A body may have ${MAX_BYTES} bytes.`, closing)
  if (Number(request.headers.get('Content-Length') ?? 0) > MAX_BYTES) throw tooLarge
  if (!request.body) return new Uint8Array()

  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Problem(408, 'body-too-slow', 'The body did not arrive in time.', closing)), patience)
  })
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(incomplete), tooSlow])
      if (done) return Buffer.concat(chunks)
      bytes += value.byteLength
      if (bytes > MAX_BYTES) throw tooLarge
      chunks.push(value)
    }
  } finally {
    clearTimeout(timer)
    reader.releaseLock()
  }
}

/** The client has gone; nobody reads the answer, and nothing is wrong with the bank. */
function incomplete(): never {
  throw new Problem(400, 'body-incomplete', 'The body broke off.')
}

function parse(bytes: Uint8Array): unknown {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    // The parser's own message would repeat a part of the body, which may be a password.
    throw new Problem(400, 'invalid-json', 'The body is no JSON in UTF-8.')
  }
  const twice = duplicateKey(text)
  if (twice !== undefined)
    throw new Problem(400, 'invalid-json', 'The body has a key twice; which of the two is meant?', { facts: { key: twice } })
  return value
}

/**
 * A key that stands in one object twice: JSON.parse takes the last, another parser on the way may have taken the first.
 *
 * @param json valid JSON: there, a string before a colon is a key
 */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (text !== undefined && colon !== undefined) {
      const key: string = JSON.parse(text)
      const keys = open.at(-1)
      if (keys?.has(key)) return key
      keys?.add(key)
    }
  }
  return undefined
}
