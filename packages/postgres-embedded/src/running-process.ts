import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** A process of this machine, as the system lists it. */
export interface RunningProcess {
  /** The program's name without its folder. */
  readonly program: string
  /** The whole command line. PostgreSQL's child processes write what they do in its place. */
  readonly command: string
}

/** @returns undefined where there is no such process, or only a dead one that nobody has waited for. */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const [path = ''] = text.split('\0')
    return text === '' ? undefined : { program: basename(path), command: text.replaceAll('\0', ' ').trim() }
  }
  const [path, command] = await Promise.all([ps('comm', pid), ps('command', pid)])
  return command === '' ? undefined : { program: basename(path), command }
}

async function ps(column: string, pid: number): Promise<string> {
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], (_error, stdout) => resolve(stdout.trim()))
  })
}
