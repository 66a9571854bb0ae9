import { linesWithHost } from './check-lockfile.js'

describe('linesWithHost', () => {
  it('accepts entries that hold only a checksum', () => {
    expect(linesWithHost('  zod@4.6.7:\n    resolution: {integrity: sha512-abc==}\n')).toEqual([])
  })

  it('finds an address and a tarball', () => {
    const lockfile =
      '  a@1:\n    resolution: {integrity: sha512-a, tarball: a.tgz}\n  b@1:\n    resolution: {integrity: b, url: https://mirror.example/b}\n'
    expect(linesWithHost(lockfile)).toEqual([2, 4])
  })
})
