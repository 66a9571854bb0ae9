import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { SubscriptionStatus } from '../src/index.js'

/** A child process that runs `worker-process.mjs`. */
export class Worker {
  status: SubscriptionStatus | undefined
  /** The position of the held event that it is handling. */
  handling: number | undefined
  private errors = ''
  private readonly child: ChildProcess
  private readonly exited: Promise<number | string | null>

  constructor(connectionString: string, schema: string, readModel: string, name: string, lease: number, partitions = 1) {
    const facts = [connectionString, schema, readModel, name, String(lease), String(partitions)]
    this.child = fork(join(__dirname, 'worker-process.mjs'), facts, {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    this.child.stderr?.on('data', (text) => {
      this.errors += text
    })
    this.child.on('message', (message: { status?: SubscriptionStatus; handling?: number }) => {
      if (message.status) this.status = message.status
      if (message.handling !== undefined) this.handling = message.handling
    })
    this.exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)))
  }

  /** How many partitions it runs. */
  get here(): number {
    return this.status?.here ?? 0
  }

  get state(): string | undefined {
    return this.status?.state
  }

  /** What it has written to its standard error: nothing, if all is well. */
  get complaints(): string {
    return this.errors
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.child.kill(signal)
  }

  /** Blocks its event loop for so many milliseconds. */
  block(milliseconds: number): void {
    this.child.send({ block: milliseconds })
  }

  letGo(): void {
    this.child.send({ go: true })
  }

  exit(): Promise<number | string | null> {
    return this.exited
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }
}
