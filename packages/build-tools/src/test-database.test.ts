import { testDatabase } from './test-database.js'

describe('testDatabase', () => {
  const before = { ...process.env }
  afterEach(() => {
    process.env = { ...before }
  })

  it('names the server of the run, and another schema at each call', () => {
    process.env.WRIT_TEST_DATABASE_URL = 'postgres://somewhere/tests'
    const first = testDatabase()
    const second = testDatabase()
    expect(first.connectionString).toBe('postgres://somewhere/tests')
    expect(first.schema).toMatch(/^writ_test_[0-9a-f]{8}_[0-9a-f]{10}$/)
    expect(second.schema).not.toBe(first.schema)
  })

  it('says why there is no server', () => {
    delete process.env.WRIT_TEST_DATABASE_URL
    process.env.WRIT_TEST_DATABASE_ERROR = 'no binaries for this platform'
    expect(() => testDatabase()).toThrow('no binaries for this platform')
  })
})
