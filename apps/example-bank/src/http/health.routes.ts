import type { Application } from '@writ/application'
import { Hono } from 'hono'

/** 503 when the bank can't serve, so that a load balancer need not read the body. */
export function healthRoutes(bank: Application): Hono {
  return new Hono().get('/', async (c) => {
    const health = await bank.health()
    return c.json(health, health.status === 'down' ? 503 : 200, { 'Cache-Control': 'no-store' })
  })
}
