import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Passes `here` three times and `there` once, in a process of its own; it runs what was built. */
function run(failpoints: string | undefined) {
  const { WRIT_FAILPOINTS: _, ...env } = process.env
  const { href } = new URL(`file://${join(__dirname, '../dist/failpoint.js')}`)
  const script = `const { failpoint } = await import('${href}')
    for (const name of ['here', 'here', 'there', 'here']) { console.log(name); failpoint(name) }`
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...env, ...(failpoints !== undefined && { WRIT_FAILPOINTS: failpoints }) },
    encoding: 'utf8',
  })
  return { end: signal ?? status, passed: stdout.trim().split('\n'), stderr }
}

describe('a failpoint', () => {
  it.each([undefined, '', 'elsewhere=SIGKILL', 'here:4=SIGKILL'])('does nothing with WRIT_FAILPOINTS=%s', (failpoints) => {
    expect(run(failpoints)).toMatchObject({ end: 0, passed: ['here', 'here', 'there', 'here'] })
  })

  it.each([
    ['here=SIGKILL', 'SIGKILL', ['here']],
    ['here:2=SIGKILL', 'SIGKILL', ['here', 'here']],
    ['here:3=SIGKILL, there=SIGTERM', 'SIGTERM', ['here', 'here', 'there']],
  ])('ends the process as %s says', (failpoints, end, passed) => {
    expect(run(failpoints)).toMatchObject({ end, passed })
  })

  it.each(['here', 'here=KILL', 'here:0=SIGKILL'])('is refused as %s: the process would be tested for nothing', (failpoints) => {
    expect(run(failpoints)).toMatchObject({ end: 1, stderr: expect.stringContaining(`WRIT_FAILPOINTS has '${failpoints}'`) })
  })
})
