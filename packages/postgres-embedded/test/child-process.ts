import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { PostgresEmbeddedError } from '../src/postgres-embedded-error.js'
import type { PostgresOptions } from '../src/postgres-options.js'

export interface StartedInChild {
  readonly connectionString: string
  readonly port: number
  readonly pid: number
  readonly log: readonly string[]
}

/** A Node.js process of its own that runs this package: one that a test can kill. */
export class Child {
  private constructor(private readonly child: ChildProcess) {}

  static async fork(options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv; detached?: boolean } = {}): Promise<Child> {
    const child = fork(join(__dirname, 'child.cjs'), { ...options, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    await once(child, 'message')
    children.add(child)
    return new Child(child)
  }

  get pid(): number {
    return this.child.pid ?? Number.NaN
  }

  async start(options: PostgresOptions): Promise<StartedInChild> {
    return this.ask<StartedInChild>('start', options)
  }

  /** Rejects with the error's fields; an Error itself does not cross the border between processes. */
  async ask<R>(...task: unknown[]): Promise<R> {
    this.child.send(task)
    const answer = await Promise.race([once(this.child, 'message'), once(this.child, 'exit').then(() => [{ error: 'exited' }])])
    const { result, error } = answer[0] as { result?: R; error?: Partial<PostgresEmbeddedError> }
    if (error) throw error
    return result as R
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.kill(signal)
    await exit
  }

  get exited(): Promise<unknown> {
    return once(this.child, 'exit')
  }
}

const children = new Set<ChildProcess>()

/** Ends what a failed test left running. Servers follow their processes. */
export function endChildren(): void {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
}
