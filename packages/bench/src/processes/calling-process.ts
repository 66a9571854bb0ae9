import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Loop } from '../closed-loop.js'
import type { Environment } from '../system.js'

/** The systems that such a process knows. */
export type CallingSystem = 'writ' | 'emmett' | 'told' | 'paced'

export type Question =
  | { readonly open: CallingSystem; readonly environment: Environment }
  /** `at` is a moment of the clock that all processes of a machine share: {@link monotonic}. */
  | { readonly callers: number; readonly at: number; readonly seconds: number }
  | { readonly close: true }

export type Answer = { readonly error: string } | { readonly done: true } | { readonly loop: Loop }

// The same from the sources and from what is built of them.
const program = fileURLToPath(new URL('../../dist/processes/calling-process.main.js', import.meta.url))

/** Milliseconds, by a clock that all processes of a machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** A process of its own that calls a system. */
export class CallingProcess {
  private readonly child: ChildProcess
  private readonly exited: Promise<unknown>

  constructor() {
    this.child = fork(program, { serialization: 'advanced' })
    this.exited = once(this.child, 'exit')
  }

  async open(system: CallingSystem, environment: Environment): Promise<void> {
    await this.ask({ open: system, environment })
  }

  /** A closed loop that begins at a moment. */
  async window(callers: number, at: number, seconds: number): Promise<Loop> {
    const answer = await this.ask({ callers, at, seconds })
    if (!('loop' in answer)) throw new Error('A calling process answered something else than it was asked.')
    return answer.loop
  }

  async close(): Promise<void> {
    if (this.child.connected) await this.ask({ close: true }).catch(() => this.child.kill())
    await this.exited
  }

  /** @throws Error when it fails, or ends */
  private async ask(question: Question): Promise<Exclude<Answer, { error: string }>> {
    const ended = this.exited.then(() => {
      throw new Error('A calling process has ended before its time; see what it wrote to stderr.')
    })
    const answered = once(this.child, 'message') as Promise<[Answer]>
    this.child.send(question)
    const [answer] = await Promise.race([answered, ended])
    if ('error' in answer) throw new Error(`A calling process failed: ${answer.error}`)
    return answer
  }
}
