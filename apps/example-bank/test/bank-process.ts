import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { BankClient, eventually } from './bank-client.js'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The bank as it is run in earnest: a process of its own, made by the build. */
export class BankProcess extends BankClient {
  private constructor(
    private readonly child: ChildProcess,
    url: string,
    private readonly output: { readonly all: string },
  ) {
    super(url)
  }

  /** What it has printed, errors included. */
  get printed(): string {
    return this.output.all
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<BankProcess> {
    const { child, output } = run(environment)
    const printed = await eventually(() => {
      if (child.exitCode !== null) throw new Error(`The bank ended with ${child.exitCode}: ${output.all}`)
      return output.all.includes('Ctrl-C') && output.all
    }, 'a bank that listens')
    return new BankProcess(child, /listens at (\S+?);/.exec(printed)?.[1] ?? '', output)
  }

  /** Runs a bank that can't start, and returns what it says. */
  static async fail(
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly exitCode: number | null; readonly output: string }> {
    const { child, output } = run(environment)
    await once(child, 'close')
    return { exitCode: child.exitCode, output: output.all }
  }

  /** At once, as a power cut would. */
  async kill(): Promise<void> {
    const exited = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exited
  }

  /** In order, as a deployment does; returns the exit code. */
  async terminate(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    const closed = once(this.child, 'close')
    this.child.kill('SIGTERM')
    await closed
    return this.child.exitCode
  }
}

function run(environment: Readonly<Record<string, string>>): { readonly child: ChildProcess; readonly output: { all: string } } {
  const { DATABASE_URL: _database, SMTP_URL: _smtp, ...inherited } = process.env
  const child = spawn(process.execPath, [main], {
    env: { ...inherited, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { all: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.all += text
    })
  }
  return { child, output }
}
