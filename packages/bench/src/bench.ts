import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { BenchOptions } from './command-line.js'
import { type CpuClock, cpuClock } from './cpu-time.js'
import type { Figure, Measurement } from './figures/figure.js'
import { interleave } from './interleave.js'
import { countOfCallers, type Level } from './level.js'
import { Measured } from './measuring.js'
import { type BenchServer, openServer } from './postgres-server.js'
import { countStatements } from './statement-count.js'

export interface Surroundings {
  readonly server: BenchServer
  readonly cpu: CpuClock
  /** How many statements this process has sent so far. */
  readonly statements: () => number
}

/** What is told while it runs. */
export interface Listener {
  progress(line: string): void
  started(surroundings: Surroundings): void
  measured(level: Level): void
  /** Of a work's figures that are no rates. */
  weighed(measurements: readonly Measurement[]): void
}

/** Measures one work with each number of callers. The signal ends it after the window that is under way. */
export async function bench(options: BenchOptions, listener: Listener, signal: AbortSignal): Promise<void> {
  const { work, callers, systems, seconds, rounds } = options
  const windows = callers.length * systems.length * (work.rounds ?? rounds + 1)
  listener.progress(`${work.name}: ${windows} windows of ${seconds} s, about ${Math.ceil((windows * (seconds + 0.2)) / 60)} min`)
  const server = await openServer((line) => listener.progress(line), work.flushDelay)
  try {
    const surroundings = { server, cpu: await cpuClock(server.connectionString), statements: countStatements() }
    listener.started(surroundings)
    for (const level of callers) listener.measured(await measureLevel(level, options, surroundings, listener, signal))
    for (const figure of work.figures ?? []) listener.weighed(await measureFigure(figure, server, listener, signal))
  } finally {
    await server.stop()
  }
}

async function measureLevel(
  callers: number,
  { work, systems, seconds, rounds }: BenchOptions,
  { server, cpu, statements }: Surroundings,
  { progress }: Listener,
  signal: AbortSignal,
): Promise<Level> {
  const schemas = new Schemas(server.connectionString, progress)
  const opened: Measured[] = []
  try {
    const { connectionString } = server
    const shared = work.prepare && (await schemas.create('all'))
    if (shared !== undefined) await work.prepare?.({ connectionString, schema: shared, callers }, progress)
    for (const system of systems) {
      const environment = { connectionString, schema: shared ?? (await schemas.create(system.name)), callers }
      opened.push(new Measured(system, await system.open(environment), cpu, statements))
    }
    const measure = async (measured: Measured, round: string) => {
      signal.throwIfAborted()
      const window = await measured.window(callers, seconds)
      progress(
        `${countOfCallers(callers)}, ${round}: ${measured.system.name} ${Math.round(window.perSecond).toLocaleString('en')}/s`,
      )
      return window
    }
    const all = work.rounds ?? rounds
    if (work.rounds === undefined) await interleave(opened, 1, (measured) => measure(measured, 'warming up'))
    const results = await interleave(opened, all, (measured, round) => measure(measured, `round ${round + 1} of ${all}`))
    return {
      callers,
      systems: opened.map((measured) => ({
        name: measured.system.name,
        settings: measured.settings,
        windows: results.get(measured) ?? [],
      })),
    }
  } finally {
    for (const measured of opened) await tidyUp(`closing ${measured.system.name}`, () => measured.close(), progress)
    await schemas.drop()
  }
}

async function measureFigure(
  figure: Figure,
  { connectionString }: BenchServer,
  { progress }: Listener,
  signal: AbortSignal,
): Promise<readonly Measurement[]> {
  signal.throwIfAborted()
  progress(figure.description)
  const schemas = new Schemas(connectionString, progress)
  try {
    return await figure.measure({ connectionString, schema: await schemas.create('figure'), callers: 1 })
  } finally {
    await schemas.drop()
  }
}

/** What fails here voids no figures, and must not hide the error that ended the measurement. */
async function tidyUp(what: string, action: () => Promise<void>, progress: (line: string) => void): Promise<void> {
  await action().catch((error: unknown) => progress(`Warning: ${what} failed: ${error instanceof Error ? error.message : error}`))
}

/** The schemas of one level: each level starts with empty ones, so that no system is slowed by what it stored before. */
class Schemas {
  private readonly run = randomBytes(4).toString('hex')
  private readonly created: string[] = []

  constructor(
    private readonly connectionString: string,
    private readonly progress: (line: string) => void,
  ) {}

  async create(name: string): Promise<string> {
    const schema = `writ_bench_${this.run}_${name.replaceAll(' ', '_')}`
    await this.execute(`create schema ${schema}`)
    this.created.push(schema)
    return schema
  }

  async drop(): Promise<void> {
    for (const schema of this.created.splice(0)) {
      await tidyUp(`dropping the schema ${schema}`, () => this.execute(`drop schema ${schema} cascade`), this.progress)
    }
  }

  private async execute(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.connectionString })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
}
