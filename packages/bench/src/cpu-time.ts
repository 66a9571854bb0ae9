import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

/** CPU used between two moments, in microseconds. */
export interface CpuTimes {
  readonly node: number
  /** Null where the server's processes can't be seen. */
  readonly postgres: number | null
}

export interface CpuClock {
  /** Why the server's CPU is not known; undefined where it is. */
  readonly postgresUnknown: string | undefined
  /** @returns stops the clock; neither reading counts what the other moment's costs */
  start(): Promise<() => Promise<CpuTimes>>
}

/** Linux counts the CPU of processes in hundredths of a second, whatever its kernel's own clock. */
const MICROSECONDS_PER_TICK = 10_000

/** The clock of this process, and of a server's processes where they run on this machine and are visible. */
export async function cpuClock(connectionString: string): Promise<CpuClock> {
  const postmaster = await findPostmaster(connectionString)
  return {
    postgresUnknown:
      postmaster === undefined
        ? "the server's processes can't be found in /proc: it runs on another machine, in a container, or not on Linux"
        : undefined,
    async start() {
      const postgresBefore = postmaster === undefined ? null : await cpuOfServer(postmaster)
      const nodeBefore = process.cpuUsage()
      return async () => {
        const { user, system } = process.cpuUsage(nodeBefore)
        const postgres =
          postmaster === undefined || postgresBefore === null ? null : (await cpuOfServer(postmaster)) - postgresBefore
        return { node: user + system, postgres }
      }
    },
  }
}

/** The main process of the server, by way of one of its connections; undefined where it is not on this machine. */
async function findPostmaster(connectionString: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ pid: number; port: number | null }>(
      'select pg_backend_pid() pid, inet_client_port() port',
    )
    const { pid, port } = rows[0]!
    // A process of that number on this machine may be a stranger: the server's shows the client's port in its title.
    const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const isOurs = title.startsWith('postgres') && title.includes(port === null ? '[local]' : `(${port})`)
    return isOurs ? (await readStat(pid))?.parent : undefined
  } finally {
    await client.end()
  }
}

async function cpuOfServer(postmaster: number): Promise<number> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(processes.map((pid) => readStat(Number(pid))))
  let ticks = 0
  for (const stat of stats) {
    if (stat?.pid === postmaster) ticks += stat.own + stat.ofEndedChildren
    else if (stat?.parent === postmaster) ticks += stat.own
  }
  return ticks * MICROSECONDS_PER_TICK
}

interface ProcessStat {
  readonly pid: number
  readonly parent: number
  readonly own: number
  readonly ofEndedChildren: number
}

async function readStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : parseStat(text)
}

/** Reads what proc(5) calls /proc/pid/stat. The second field, the name in parentheses, may hold spaces and parentheses itself. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return { pid: Number.parseInt(text, 10), parent: field(4), own: field(14) + field(15), ofEndedChildren: field(16) + field(17) }
}
