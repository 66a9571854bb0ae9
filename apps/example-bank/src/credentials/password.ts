import { z } from 'zod'

/** Bounded, so that nobody makes the bank hash a novel. */
export const Password = z.string().min(8).max(200)
