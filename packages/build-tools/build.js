import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// Turborepo reports usage to its makers unless the environment forbids it, and npm scripts can't set that on every platform.
const { status } = spawnSync(
  process.execPath,
  [
    fileURLToPath(new URL('../../node_modules/turbo/bin/turbo', import.meta.url)),
    'run',
    'build',
    '--output-logs=errors-only',
    '--no-update-notifier',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' } },
)
process.exitCode = status ?? 1
