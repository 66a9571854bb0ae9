import { z } from 'zod'

/** A name as people write it: 1 to 100 characters, none of which controls a terminal or reorders text. */
export const Owner = z
  .string()
  .min(1)
  .max(100)
  .regex(
    /^(?! )[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]*(?<! )$/u,
    'expected a name without control characters, or spaces around it',
  )
