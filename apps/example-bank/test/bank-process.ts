import { fileURLToPath } from 'node:url'
import { type ProcessEnd, type StartProcess, type TestProcess, until } from '@writ/build-tools'
import { BankClient } from './bank-client.js'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The bank as it is run in earnest: a process of its own, made by the build. */
export class BankProcess extends BankClient {
  private constructor(
    private readonly process: TestProcess,
    url: string,
  ) {
    super(url)
  }

  /** What it has printed, errors included. */
  get printed(): string {
    return this.process.printed
  }

  static async start(startProcess: StartProcess, environment: Readonly<Record<string, string>>): Promise<BankProcess> {
    const process = begin(startProcess, environment)
    await until('the bank listens', () => process.printed.includes('Ctrl-C'), 50_000)
    return new BankProcess(process, /listens at (\S+?);/.exec(process.printed)?.[1] ?? '')
  }

  /** Runs a bank that can't start, and returns what it says. */
  static async fail(
    startProcess: StartProcess,
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly exitCode: ProcessEnd; readonly output: string }> {
    const process = begin(startProcess, environment)
    return { exitCode: await process.ended(), output: process.printed }
  }

  /** At once, as a power cut would. */
  async kill(): Promise<void> {
    await this.process.kill()
  }

  /** In order, as a deployment does; returns the exit code. */
  terminate(): Promise<ProcessEnd> {
    return this.process.terminate()
  }
}

function begin(startProcess: StartProcess, environment: Readonly<Record<string, string>>): TestProcess {
  return startProcess(main, [], {
    environment: { DATABASE_URL: undefined, SMTP_URL: undefined, PORT: '0', ...environment },
  })
}
