import { type ChildProcess, fork } from 'node:child_process'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'

/** How a process ended: its exit code, or the signal that ended it. */
export type ProcessEnd = number | NodeJS.Signals

export interface TestProcessOptions<Message> {
  /** Where it is to kill or to freeze itself: its `WRIT_FAILPOINTS`. */
  readonly failpoints?: string
  /** Beside this process's own; `undefined` takes one away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Is given each message that it sends. */
  readonly hear?: (message: Message) => void
}

/** A script that runs as a process of its own: a test talks with it, freezes it, and kills it. */
export class TestProcess<Message = unknown> {
  /** The last message that it has sent. */
  newest: Message | undefined
  /** The whole lines that it has printed to its standard output. */
  readonly lines: string[] = []
  /** All that it has printed to its standard output and its standard error. */
  printed = ''
  /** What it has printed to its standard error: nothing, if all is well. */
  complaints = ''
  private readonly child: ChildProcess
  private readonly closed: Promise<ProcessEnd>
  private end: ProcessEnd | undefined
  private isExpectedToEnd = false

  /** @param script the path of a module that Node.js can run as it is: it sees packages as they were built. */
  constructor(
    private readonly script: string,
    parameters: readonly (string | number)[],
    { failpoints = '', environment, hear }: TestProcessOptions<Message>,
  ) {
    this.child = fork(script, parameters.map(String), {
      // Not those of Jest.
      execArgv: [],
      env: { ...process.env, WRIT_FAILPOINTS: failpoints, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.child.on('message', (message) => {
      this.newest = message as Message
      hear?.(this.newest)
    })
    // It may end while it is told something; who waits for its end hears of it.
    this.child.on('error', () => {})
    const { stdout, stderr } = this.child
    createInterface(stdout!).on('line', (line) => void this.lines.push(line))
    for (const stream of [stdout!, stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text
        if (stream === stderr) this.complaints += text
      })
    }
    // Not its exit: what it said last may still be on its way then.
    this.closed = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.end = signal ?? code ?? 0
        resolve(this.end)
      })
    })
  }

  get hasEnded(): boolean {
    return this.end !== undefined
  }

  /** Why a test must fail: it has ended by itself and with an error, and nobody asked for its end. */
  get failure(): string | undefined {
    if (this.isExpectedToEnd || this.end === undefined || this.end === 0) return undefined
    return `${basename(this.script)} ended with ${this.end} by itself. It printed:\n${this.printed}`
  }

  /** What it has complained of, with its name; nothing, if all is well. */
  get report(): string | undefined {
    return this.complaints === '' ? undefined : `${basename(this.script)} printed:\n${this.complaints}`
  }

  /** A message to the script. One that has ended meanwhile need not hear it. */
  send(message: object | string | number): void {
    this.child.send(message, () => {})
  }

  signal(signal: NodeJS.Signals): void {
    this.isExpectedToEnd = true
    this.child.kill(signal)
  }

  /** Stops it where it is; its connections stay open. */
  freeze(): void {
    this.child.kill('SIGSTOP')
  }

  /** Lets it go on, whether it was frozen from outside or by a failpoint. */
  thaw(): void {
    this.child.kill('SIGCONT')
  }

  /** Resolves when it has ended and all that it said is here. */
  ended(): Promise<ProcessEnd> {
    this.isExpectedToEnd = true
    return this.closed
  }

  /** Asks it to end, as a deployment does. */
  terminate(): Promise<ProcessEnd> {
    this.signal('SIGTERM')
    return this.ended()
  }

  /** Ends it at once, frozen or not, in the midst of whatever it does; one that has ended stays as it is. */
  kill(): Promise<ProcessEnd> {
    this.signal('SIGKILL')
    return this.ended()
  }
}
