import { z } from 'zod'

/** Drawn by the bank for each transfer that is requested. */
export const TransferId = z.uuid()
