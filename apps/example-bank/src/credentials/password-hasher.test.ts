import { PasswordHasher } from './password-hasher.js'

describe('a password hash', () => {
  const cheap = new PasswordHasher({ N: 1_024, r: 8, p: 1 })

  it('matches its password and no other', async () => {
    const hash = await cheap.hash('correct horse')
    expect(await cheap.matches('correct horse', hash)).toBe(true)
    expect(await cheap.matches('correct horsf', hash)).toBe(false)
  })

  it('is another one each time, and never holds the password', async () => {
    const [one, two] = [await cheap.hash('correct horse'), await cheap.hash('correct horse')]
    expect(one).not.toBe(two)
    expect(one).toMatch(/^scrypt\$1024\$8\$1\$[\w-]+\$[\w-]+$/)
  })

  it('matches under the cost that it was made with, when new ones cost more', async () => {
    expect(await new PasswordHasher().matches('correct horse', await cheap.hash('correct horse'))).toBe(true)
  })

  it('does not tell composed letters from decomposed ones', async () => {
    expect(await cheap.matches('cafe\u0301 noir', await cheap.hash('caf\u00e9 noir'))).toBe(true)
  })

  it('of an account that is not there is not matched, after the same work', async () => {
    expect(await cheap.matches('correct horse', undefined)).toBe(false)
  })

  it('is not made while too many wait for theirs, and is again when they have it', async () => {
    const hasher = new PasswordHasher({ N: 1_024, r: 8, p: 1 })
    const hashes = await Promise.allSettled(Array.from({ length: 40 }, () => hasher.hash('correct horse')))
    const made = hashes.filter(({ status }) => status === 'fulfilled').length
    expect([20, 21, 22]).toContain(made)
    const refused = hashes.filter(({ status }) => status === 'rejected')
    expect(refused).toEqual(
      Array(40 - made).fill({ status: 'rejected', reason: expect.objectContaining({ code: 'too-many-passwords', waiting: 20 }) }),
    )
    expect(await hasher.matches('correct horse', await hasher.hash('correct horse'))).toBe(true)
  })
})
