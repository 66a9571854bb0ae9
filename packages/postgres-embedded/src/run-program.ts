import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerUser } from './server-user.js'

interface Surroundings {
  readonly cwd: string
  readonly user: ServerUser | undefined
  /** Variables besides those that every program gets. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  readonly stdio: StdioOptions
}

/**
 * Starts a program as the server's user. It gets an environment of its own, so that no PG* variable, locale or time zone of the
 * caller changes what PostgreSQL does, and a session of its own, so that Ctrl-C in the terminal reaches the application only: the
 * application needs its database until it has shut down.
 */
export function spawnProgram(
  program: string,
  args: readonly string[],
  { cwd, user, environment, stdio }: Surroundings,
): ChildProcess {
  return spawn(program, args, {
    cwd,
    stdio,
    detached: true,
    env: { ...environment, PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...user,
  })
}

export interface ProgramResult {
  /** null where the program could not be started, or was killed. */
  readonly code: number | null
  /** The last lines that it wrote. */
  readonly output: readonly string[]
  readonly error?: unknown
}

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  place: Omit<Surroundings, 'stdio'>,
): Promise<ProgramResult> {
  const child = spawnProgram(program, args, { ...place, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4_000)
    })
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output: lastLines(text) }
  } catch (error) {
    return { code: null, output: [String(error)], error }
  }
}

export function lastLines(text: string): readonly string[] {
  return text.trimEnd().split('\n').slice(-20)
}
