import { createHash } from 'node:crypto'
import type { Application } from '@writ/application'
import { Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { html, raw } from 'hono/html'
import { visible } from '../http/positions.js'
import { ACCOUNT_MAILS } from './account-mails.handler.js'
import { Mailbox, type MailInBox } from './mailbox.js'
import { PublicAddress } from './public-address.js'

/** More than anybody reads, and little enough to answer at once. */
const SHOWN = 10_000

const style =
  'body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid #999}pre{white-space:pre-wrap;overflow-wrap:anywhere}'

// Nothing but this style sheet: no script, no image, no frame, whatever somebody writes into an owner's name.
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`

export function mailboxRoutes(bank: Application): Hono {
  const mailbox = bank.get(Mailbox)
  const address = bank.get(PublicAddress)

  return new Hono().get('/', visible(bank, [ACCOUNT_MAILS]), async (c) => {
    const mails = await mailbox.newest(SHOWN)
    const headers = { 'Cache-Control': 'no-store', Vary: 'Accept' }
    const wanted = accepts(c, { header: 'Accept', supports: ['text/html', 'application/json'], default: 'text/html' })
    if (wanted === 'application/json') return c.json(mails, 200, headers)
    return c.html(page(mails, address), 200, { ...headers, 'Content-Security-Policy': policy })
  })
}

// The helper escapes whatever is put into it, but for the style above. The newest mail comes first, for people.
function page(mails: readonly MailInBox[], address: PublicAddress) {
  return html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Mailbox</title><style>${raw(style)}</style></head>
  <body>
    <h1>Mailbox</h1>
    <p>What the bank would mail if SMTP_URL named a mail server. ${mails.length} mails, the newest first.</p>
    ${[...mails].reverse().map(({ to, subject, text }) => html`<article><h2>${subject}</h2><p>To ${to}</p><pre>${withLinks(text, address)}</pre></article>`)}
  </body>
</html>`
}

function withLinks(text: string, address: PublicAddress) {
  return text.split(/(https?:\/\/\S+)/).map((part) => (address.isOwn(part) ? html`<a href="${part}">${part}</a>` : part))
}
