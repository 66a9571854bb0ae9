import { PostgresEmbeddedError } from './postgres-embedded-error.js'

export interface TemporaryPostgresOptions {
  /** The database to connect to; made if it is not there. Default: `postgres`. */
  readonly database?: string | undefined
  /**
   * PostgreSQL's own settings for this run, as in `{ max_connections: 200, work_mem: '16MB' }`. Without any, what is acknowledged is
   * on disk: `fsync`, `full_page_writes` and `synchronous_commit` are on.
   */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Environment variables of the server's processes, such as `{ LD_PRELOAD: '/usr/lib/libjemalloc.so' }`. It inherits none. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Told in short lines what takes time: initialising, recovering, ready. */
  readonly log?: ((line: string) => void) | undefined
  /** How long the server may take to become ready, recovery after a crash included; in milliseconds. Default: 60,000. */
  readonly startTimeout?: number | undefined
}

export interface PostgresOptions extends TemporaryPostgresOptions {
  /** The folder that keeps the data; made if it is not there. One server at a time runs on it. */
  readonly dataDirectory: string
  /** A fixed port of 127.0.0.1. Default: the port of the last run where it is free, else a free one. */
  readonly port?: number | undefined
}

/** Settings that are not for the caller: the launcher would lose sight of the server, or the server would be open to others. */
const ownSettings = new Map([
  ['port', 'use the option `port`'],
  ['data_directory', 'use the option `dataDirectory`'],
  ['listen_addresses', 'the server listens on 127.0.0.1 only'],
  ['unix_socket_directories', 'the server listens on 127.0.0.1 only'],
  ['config_file', 'it stands in the data folder'],
  ['hba_file', 'it stands in the data folder'],
  ['ident_file', 'it stands in the data folder'],
  ['external_pid_file', 'the launcher reads the one in the data folder'],
  ['logging_collector', 'the log goes to `server.log` in the data folder'],
  ['log_line_prefix', 'the launcher reads the log'],
  ['log_destination', 'the log goes to `server.log` in the data folder'],
])

const ofTemporary: readonly string[] = [
  'database',
  'settings',
  'environment',
  'log',
  'startTimeout',
] satisfies (keyof TemporaryPostgresOptions)[]
const ofStart: readonly string[] = ['dataDirectory', 'port', ...ofTemporary]

/** @throws PostgresEmbeddedError `invalid-option` for what is no option of `startTemporaryPostgres`. */
export function refuseOthersThanTemporary(options: TemporaryPostgresOptions): void {
  refuseUnknownOptions(options, ofTemporary)
}

function refuseUnknownOptions(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new PostgresEmbeddedError('invalid-option', `The options must be an object with some of ${known.join(', ')}.`)
  const option = Object.keys(options).find((name) => !known.includes(name))
  if (option !== undefined)
    throw new PostgresEmbeddedError('invalid-option', `There is no option ${option}; there are ${known.join(', ')}.`, { option })
}

/** @throws PostgresEmbeddedError `invalid-option`. */
export function checkOptions(options: PostgresOptions): void {
  refuseUnknownOptions(options, ofStart)
  const { dataDirectory, port, database, settings = {}, environment = {}, startTimeout } = options
  if (typeof dataDirectory !== 'string' || dataDirectory === '' || dataDirectory.includes('\0'))
    throw invalid('dataDirectory', dataDirectory, 'give the path of a folder')
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw invalid('port', port, 'give a number from 1 to 65535')
  if (database !== undefined && !(typeof database === 'string' && /^[^\0]+$/.test(database) && Buffer.byteLength(database) < 64))
    throw invalid('database', database, 'give a name of 1 to 63 bytes')
  if (startTimeout !== undefined && !(startTimeout > 0)) throw invalid('startTimeout', startTimeout, 'give milliseconds above 0')
  for (const [name, value] of Object.entries(settings)) {
    const option = `settings.${name}`
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i.test(name)) throw invalid(option, value, 'that is not the name of a setting')
    const reason = ownSettings.get(name.toLowerCase())
    if (reason !== undefined) throw invalid(option, value, `it can't be set here: ${reason}`)
    if (!['string', 'number', 'boolean'].includes(typeof value) || String(value).includes('\0'))
      throw invalid(option, value, 'give a text, a number or a boolean')
  }
  for (const [name, value] of Object.entries(environment)) {
    const option = `environment.${name}`
    if (!/^[a-z_][a-z0-9_]*$/i.test(name)) throw invalid(option, value, 'that is not the name of a variable')
    if (/^PG|^(PATH|LC_ALL|TZ)$/.test(name)) throw invalid(option, value, 'the launcher sets it, or `settings` do')
    if (typeof value !== 'string' || value.includes('\0')) throw invalid(option, value, 'give a text')
  }
}

function invalid(option: string, value: unknown, remedy: string): PostgresEmbeddedError {
  const shown = value === undefined ? 'undefined' : JSON.stringify(value)
  return new PostgresEmbeddedError('invalid-option', `The option ${option} can't be ${shown}: ${remedy}.`, { option })
}
