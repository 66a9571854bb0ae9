import type { Application } from '@writ/application'
import type { Logger } from '@writ/event-store'
import { Hono } from 'hono'
import { accountRoutes } from '../account/account.routes.js'
import { Mailbox } from '../mail/mailbox.js'
import { mailboxRoutes } from '../mail/mailbox.routes.js'
import { reportRoutes } from '../report/report.routes.js'
import { sessionRoutes } from '../session/session.routes.js'
import { Heartbeat } from '../statement/live-statement.js'
import { statementRoutes } from '../statement/statement.routes.js'
import { transferRoutes } from '../transfer/transfer.routes.js'
import { docsRoutes } from './docs.routes.js'
import { healthRoutes } from './health.routes.js'
import { notFound, problemOf } from './problem.js'

/**
 * All routes of the bank.
 *
 * @param stopping aborts when the bank stops: what would never end by itself ends then
 */
export function bankApi(bank: Application, logger: Logger, stopping: AbortSignal): Hono {
  const api = new Hono()
  api.use(async (c, next) => {
    const start = performance.now()
    await next()
    c.header('X-Content-Type-Options', 'nosniff')
    // Without the query: the link in a mail carries its code there.
    logger.debug(
      { method: c.req.method, path: c.req.path, status: c.res.status, milliseconds: Math.round(performance.now() - start) },
      'answered',
    )
  })
  api.route('/api/accounts', accountRoutes(bank))
  api.route('/api/accounts', statementRoutes({ bank, logger, heartbeat: bank.get(Heartbeat), stopping }))
  api.route('/api/sessions', sessionRoutes(bank))
  api.route('/api/transfers', transferRoutes(bank))
  api.route('/api/reports', reportRoutes(bank))
  api.route('/', docsRoutes())
  api.route('/health', healthRoutes(bank))
  // With an SMTP server there is no mailbox here.
  if (bank.container.isBound(Mailbox)) api.route('/mailbox', mailboxRoutes(bank))
  api.notFound(() => notFound('There is nothing at this address.').toResponse())
  api.onError((error) => problemOf(error, logger).toResponse())
  return api
}
