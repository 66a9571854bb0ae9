import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run-program.js'

// The same from the sources and from what is built of them.
const source = fileURLToPath(new URL('../src/slow-disk.c', import.meta.url))

/** What makes a server's disk slow: a library that its processes load. */
export interface SlowDisk {
  /** For the option `environment` of `startPostgres`. */
  readonly environment: Readonly<Record<string, string>>
  /** Deletes the library; a server that has loaded it runs on. */
  remove(): Promise<void>
}

/** Why no slow disk can be made here, as the end of a sentence; undefined where one can. */
export function whyNoSlowDisk(): string | undefined {
  if (process.platform !== 'linux') return 'a flush can be delayed on Linux only'
  return spawnSync('cc', ['--version']).status === 0
    ? undefined
    : 'there is no C compiler (cc) to build the delaying library with'
}

/**
 * Builds a library that delays a server's flushes: each sleeps after it has flushed.
 *
 * `commit_delay` would not do: whoever comes late joins a flush that has not begun, and pays nothing.
 *
 * @param milliseconds how much longer each flush takes
 * @throws Error where it can't be built
 */
export async function slowDisk(milliseconds: number): Promise<SlowDisk> {
  const why = whyNoSlowDisk()
  if (why) throw new Error(`No slow disk can be made: ${why}.`)
  const folder = await mkdtemp(join(tmpdir(), 'writ-slow-disk-'))
  const library = join(folder, 'slow-disk.so')
  await run('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], { cwd: folder })
  // A server that was started by root runs as another user.
  await chmod(folder, 0o711)
  await chmod(library, 0o644)
  return {
    environment: { LD_PRELOAD: library, WRIT_FLUSH_MICROSECONDS: String(Math.round(milliseconds * 1_000)) },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
