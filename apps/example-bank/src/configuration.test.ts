import { readConfiguration } from './configuration.js'

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfiguration({})).toMatchObject({ port: 3_000, host: '127.0.0.1', databaseUrl: undefined, smtpUrl: undefined })
    expect(readConfiguration({}).dataFolder).toMatch(/apps\/example-bank\/\.data$/)
  })

  it('takes a variable that is set to nothing as unset', () => {
    expect(readConfiguration({ PORT: '', DATABASE_URL: '', SMTP_URL: '' })).toEqual(readConfiguration({}))
  })

  it('lists every variable that is wrong, and repeats no value', () => {
    const wrong = {
      PORT: '70000',
      DATABASE_URL: 'mysql://user:canary@host/db',
      SMTP_URL: 'canary',
      MAIL_FROM: 'nobody',
      LOG_LEVEL: 'loud',
    }
    const message = String(catching(() => readConfiguration(wrong)))
    for (const name of Object.keys(wrong)) expect(message).toContain(`\n  ${name}: expected `)
    expect(message).not.toContain('canary')
  })

  it('refuses a URL without its slashes, for all behind the protocol would be taken for a path', () => {
    const wrong = { DATABASE_URL: 'postgres:canary@host/db' }
    const message = String(catching(() => readConfiguration(wrong)))
    expect(message).toContain('DATABASE_URL: expected a URL that begins with postgres://')
    expect(message).not.toContain('canary')
  })

  it('refuses a port that is no number', () => {
    for (const PORT of ['-1', '3000.5', '1e3', ' 3000', 'http'])
      expect(() => readConfiguration({ PORT })).toThrow('PORT: expected a port')
  })
})

function catching(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
