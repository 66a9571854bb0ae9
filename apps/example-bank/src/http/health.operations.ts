import { z } from 'zod'
import type { Operation } from './openapi.js'

export const healthOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/health',
    tag: 'health',
    summary: 'The store and the subscriptions, as they are now.',
    answer: {
      status: 200,
      schema: z.looseObject({
        status: z.string(),
        store: z.looseObject({ status: z.string() }),
        subscriptions: z.array(z.looseObject({ name: z.string() })),
      }),
    },
    problems: [],
  },
]
