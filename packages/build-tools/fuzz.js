import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// The property tests with many more cases than an ordinary run has; npm scripts can't set an environment variable on every platform.
const { status } = spawnSync(
  process.execPath,
  [
    fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url)),
    '--maxWorkers=2',
    ...(process.argv.length > 2 ? process.argv.slice(2) : ['agreement']),
  ],
  { stdio: 'inherit', env: { WRIT_FUZZ: '2000', ...process.env } },
)
process.exitCode = status ?? 1
