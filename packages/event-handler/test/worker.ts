import { join } from 'node:path'
import type { StartProcess, TestProcess } from '@writ/build-tools'
import type { SubscriptionStatus } from '../src/index.js'

export interface WorkerOptions {
  readonly connectionString: string
  readonly schema: string
  /** The schema of the table `ledger`. */
  readonly readModel: string
  readonly name: string
  /** In milliseconds. */
  readonly lease: number
  readonly partitions?: number
}

interface Told {
  readonly status?: SubscriptionStatus
  readonly handling?: number
}

/** A process that runs `worker-process.mjs`. */
export class Worker {
  readonly process: TestProcess<Told>
  status: SubscriptionStatus | undefined
  /** The position of the held event that it is handling. */
  handling: number | undefined

  constructor(start: StartProcess, { connectionString, schema, readModel, name, lease, partitions = 1 }: WorkerOptions) {
    this.process = start(join(__dirname, 'worker-process.mjs'), [connectionString, schema, readModel, name, lease, partitions], {
      hear: ({ status, handling }: Told) => {
        if (status) this.status = status
        if (handling !== undefined) this.handling = handling
      },
    })
  }

  /** How many partitions it runs. */
  get here(): number {
    return this.status?.here ?? 0
  }

  get state(): string | undefined {
    return this.status?.state
  }

  /** Blocks its event loop for so many milliseconds. */
  block(milliseconds: number): void {
    this.process.send({ block: milliseconds })
  }

  letGo(): void {
    this.process.send({ go: true })
  }
}
