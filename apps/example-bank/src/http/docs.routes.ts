import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import { accountOperations } from '../account/account.operations.js'
import { reportOperations } from '../report/report.operations.js'
import { sessionOperations } from '../session/session.operations.js'
import { statementOperations } from '../statement/statement.operations.js'
import { transferOperations } from '../transfer/transfer.operations.js'
import { healthOperations } from './health.operations.js'
import { type Operation, openApiDocument } from './openapi.js'

export const operations: readonly Operation[] = [
  ...accountOperations,
  ...statementOperations,
  ...sessionOperations,
  ...transferOperations,
  ...reportOperations,
  ...healthOperations,
]

const style =
  'body{font:16px/1.5 system-ui;max-width:56rem;margin:2rem auto;padding:0 1rem}summary{cursor:pointer;padding:.5rem 0}code,pre,textarea,' +
  'input{font:14px/1.5 ui-monospace,monospace}label{display:block;margin:.5rem 0}input,textarea{display:block;width:100%;box-sizing:border-box}' +
  'details{border-top:1px solid #999}pre{white-space:pre-wrap;overflow-wrap:anywhere}button{font:inherit;margin-right:.5rem}'

// The page's own script and style, and requests to this bank: nothing comes from anywhere else.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * The document, and a page to try it. The page is the bank's own: the well-known ones weigh megabytes, and want scripts and styles that a
 * strict policy forbids.
 */
export function docsRoutes(): Hono {
  const document = openApiDocument(operations)
  const script = readFileSync(new URL('../../public/try.js', import.meta.url), 'utf8')

  return new Hono()
    .get('/', (c) => c.redirect('/docs'))
    .get('/openapi.json', (c) => c.json(document))
    .get('/docs', (c) => c.html(page, 200, { 'Content-Security-Policy': policy }))
    .get('/docs/try.js', (c) => c.body(script, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
}

const page = html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>The example bank</title><style>${raw(style)}</style></head>
  <body>
    <h1>The example bank</h1>
    <p>Everything that can be asked of it, to try; made of <a href="/openapi.json">openapi.json</a>.</p>
    <label>Token of a session; the answer of POST /api/sessions fills it in <input id="token" autocomplete="off"></label>
    <main id="operations"></main>
    <script type="module" src="/docs/try.js"></script>
  </body>
</html>`
