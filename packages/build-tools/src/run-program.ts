import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** Milliseconds after which it is killed; five minutes by default. */
  readonly timeout?: number
}

/**
 * Runs a program to its end.
 *
 * @returns what it printed to its standard output.
 * @throws Error with all that it printed when it fails, or takes too long.
 */
export function run(
  program: string,
  parameters: readonly string[],
  { cwd, env, timeout = 300_000 }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    // Not spawn's own time limit: its timer outlives a program that was never there.
    const timer = setTimeout(() => child.kill(), timeout)
    let [printed, output] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(printed)
      else reject(new Error(`${output.trim()}\n(${signal === null ? `It ended with ${code}` : `It was ended by ${signal}`}.)`))
    })
  })
}
