import { z } from 'zod'

export const SessionId = z.uuid()

/** Seconds since 1970, as tokens count them. */
export const IssuedAt = z.int().min(0)
