import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { StartError } from './start-error.js'

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.some((protocol) => text.startsWith(`${protocol}//`)), {
    error: `expected a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

const Environment = z.object({
  PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, {
      error: 'expected a port from 0 (any free one) to 65535',
    })
    .transform(Number)
    .default(3_000),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  BANK_DATA: z.string().default(fileURLToPath(new URL('../.data', import.meta.url))),
  SMTP_URL: url('smtp:', 'smtps:').optional(),
  MAIL_FROM: z.email('expected an e-mail address').default('bank@example.com'),
  PUBLIC_URL: url('http:', 'https:').optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'expected debug, info, warn, error or silent').default('warn'),
})

/** What the environment says, checked. */
export interface Configuration {
  /** 0: any free one. */
  readonly port: number
  readonly host: string
  /** Without one, an embedded server runs on `dataFolder`. */
  readonly databaseUrl: string | undefined
  readonly dataFolder: string
  /** Without one, mails go into the mailbox. */
  readonly smtpUrl: string | undefined
  readonly mailFrom: string
  /** What links in mails begin with; where the bank listens by default. */
  readonly publicUrl: string | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/**
 * @throws StartError that lists every variable that is wrong, and repeats no value: some are secret
 */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  // A variable that is set to nothing is meant to be unset.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `\n  ${path.join('.')}: ${message}`).join('')
    throw new StartError(`The environment can't be used:${wrong}`)
  }
  const { PORT, HOST, DATABASE_URL, BANK_DATA, SMTP_URL, MAIL_FROM, PUBLIC_URL, LOG_LEVEL } = parsed.data
  return {
    port: PORT,
    host: HOST,
    databaseUrl: DATABASE_URL,
    dataFolder: BANK_DATA,
    smtpUrl: SMTP_URL,
    mailFrom: MAIL_FROM,
    publicUrl: PUBLIC_URL,
    logLevel: LOG_LEVEL,
  }
}
