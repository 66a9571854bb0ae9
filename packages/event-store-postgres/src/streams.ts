import {
  checkDelete,
  checkStreamName,
  checkTruncate,
  type Deleted,
  type DeleteOptions,
  deletionOf,
  type EventMetadata,
  HardDeleteNotAllowedError,
  InvalidTruncationError,
  type ListOptions,
  type Runtime,
  StoreUnavailableError,
  type StreamInfo,
  type StreamPage,
  type Streams,
  streamList,
  TOMBSTONE_TYPE,
  TOMBSTONE_VERSION,
  type Truncated,
  type TruncateOptions,
  WrongExpectedVersionError,
} from '@writ/event-store'
import { uuidBuffer } from './append/binary-array.js'
import { encodeExpected } from './append/encode-batch.js'
import { missedBy } from './append/refusal.js'
import type { Connections, Row, Statement, Values } from './connections.js'
import { failureOf } from './postgres-failure.js'
import type { Reader } from './read/reader.js'
import { Verdict } from './schema/append-functions.js'
import type { SchemaName } from './schema/schema-name.js'
import { HARD_DELETES_OFF } from './schema/stream-functions.js'

const MAX_INTEGER = 2_147_483_647
const INSUFFICIENT_PRIVILEGE = '42501'
const MOST_ATTEMPTS = 10
// Overtaken by another, met it in a deadlock, or gave up its wait for a lock.
const inTheWay = /^(40|55P03)/

/** What looking at streams and ending them needs of a store that runs. */
export interface StreamsAtWork {
  readonly connections: Connections
  readonly reader: Reader
  /** Something was written at this position, and is durable. */
  readonly onWritten: (position: number) => void
}

/** Looks at whole streams, and ends them. */
export class PostgresStreams implements Streams {
  private readonly statements: Record<'info' | 'list' | 'delete' | 'truncate', Statement>

  constructor(
    private readonly ready: (operation: string) => StreamsAtWork,
    { quoted: s, statementPrefix }: SchemaName,
    private readonly runtime: Runtime,
    private readonly allowHardDelete: boolean,
  ) {
    const statement = (name: string, text: string) => ({ name: `${statementPrefix}${name}`, text })
    this.statements = {
      info: statement('stream_info', `select * from ${s}.stream_info($1)`),
      list: statement('list_streams', `select * from ${s}.list_streams($1, $2, $3, $4, $5, $6)`),
      delete: statement('delete_stream', `select ${s}.delete_stream($1, $2, $3, $4, $5)`),
      truncate: statement('truncate_stream', `select ${s}.truncate_stream($1, $2, $3)`),
    }
  }

  async info(stream: string): Promise<StreamInfo | undefined> {
    const { connections } = this.ready('look at a stream')
    checkStreamName(stream)
    const [row] = await connections.read('look at a stream', this.statements.info, [stream])
    return row && infoOf(stream, row)
  }

  async list(options?: ListOptions): Promise<StreamPage> {
    const { connections } = this.ready('list streams')
    const { category = null, prefix, search, reserved, after, limit } = streamList(options)
    const values = [category, prefix, search, reserved, after, limit]
    const rows = await connections.read('list streams', this.statements.list, values)
    // A row without a version is where a search has come to that found nothing more.
    const streams = rows.flatMap(([name, ...info]) => (info[0] === null ? [] : [infoOf(name!, info)]))
    const last = rows.at(-1)
    const next = streams.length === limit || streams.length < rows.length ? last![0]! : undefined
    return { streams, ...(next !== undefined && { next }) }
  }

  async delete(stream: string, options?: DeleteOptions): Promise<Deleted> {
    const { reader, onWritten } = this.ready('delete a stream')
    const { expectedVersion, hard, metadata } = checkDelete(stream, options)
    const values = [stream, encodeExpected(expectedVersion), hard, uuidBuffer(this.runtime.uuid()), textOf(metadata)]
    const [verdict, version, position] = await this.change('delete a stream', stream, hard, this.statements.delete, values)
    if (verdict === Verdict.deleted) throw (await reader.deletion(stream)) ?? gone(stream)
    if (verdict === Verdict.wrongVersion) {
      throw new WrongExpectedVersionError(
        stream,
        expectedVersion,
        version!,
        await missedBy(stream, expectedVersion, version!, reader),
      )
    }
    onWritten(position!)
    return { version: version!, position: position! }
  }

  async truncate(stream: string, options: TruncateOptions): Promise<Truncated> {
    const { reader } = this.ready('truncate a stream')
    const { before, hard } = checkTruncate(stream, options)
    const values = [stream, Math.min(before, MAX_INTEGER), hard]
    const [verdict, number] = await this.change('truncate a stream', stream, hard, this.statements.truncate, values)
    if (verdict === Verdict.deleted) throw (await reader.deletion(stream)) ?? gone(stream)
    if (verdict === Verdict.wrongVersion) throw new InvalidTruncationError(stream, before, number!)
    return { firstVersion: number! }
  }

  /** Calls a function that answers with an array of numbers; again, when others were in its way. */
  private async change(
    operation: string,
    stream: string,
    hard: boolean,
    statement: Statement,
    values: Values,
  ): Promise<readonly (number | undefined)[]> {
    if (hard && !this.allowHardDelete) throw new HardDeleteNotAllowedError('postgres', stream)
    const { connections } = this.ready(operation)
    for (let attempt = 1; ; attempt++) {
      try {
        const [row] = await connections.write(operation, statement, values)
        return row![0]!.slice(1, -1).split(',').map(Number)
      } catch (error) {
        const { sqlState } = failureOf((error as { cause?: unknown }).cause)
        if (hard && (sqlState === HARD_DELETES_OFF || sqlState === INSUFFICIENT_PRIVILEGE)) {
          throw new HardDeleteNotAllowedError('postgres', stream, whyNot(sqlState), error)
        }
        if (!inTheWay.test(sqlState) || attempt === MOST_ATTEMPTS) throw error
        await this.runtime.sleep(this.runtime.random() * 10 * attempt)
      }
    }
  }
}

/**
 * Notes in the database that events may be taken out: without it, its triggers let nobody do that.
 *
 * @throws HardDeleteNotAllowedError when the database's role may not even say so
 */
export async function allowHardDeletes(connections: Connections, { quoted, statementPrefix }: SchemaName): Promise<void> {
  const statement = { name: `${statementPrefix}allow_hard_deletes`, text: `select ${quoted}.allow_hard_deletes()` }
  try {
    await connections.write('start', statement, [])
  } catch (error) {
    if (failureOf((error as { cause?: unknown }).cause).sqlState !== INSUFFICIENT_PRIVILEGE) throw error
    throw new HardDeleteNotAllowedError('postgres', undefined, "the database's role may not allow it", error)
  }
}

function whyNot(sqlState: string): string {
  return sqlState === INSUFFICIENT_PRIVILEGE
    ? "the database's role may not delete from its tables"
    : 'the permission was taken back in the database'
}

function infoOf(stream: string, [version, firstVersion, createdAt, position, data, metadata]: Row): StreamInfo {
  if (Number(version) !== TOMBSTONE_VERSION) return { stream, version: Number(version), firstVersion: Number(firstVersion) }
  const deletion = deletionOf({
    type: TOMBSTONE_TYPE,
    data: data!,
    metadata: metadata!,
    position: Number(position),
    createdAt: new Date(Number(createdAt)),
  })!
  return { stream, version: deletion.version, firstVersion: deletion.version + 1, deletion }
}

function textOf(metadata: EventMetadata): string {
  return JSON.stringify(metadata)
}

/** A deletion that is not to be seen: the database was set back in the same moment. */
function gone(stream: string): StoreUnavailableError {
  return new StoreUnavailableError('postgres', 'read a stream', false, new Error(`The deletion of '${stream}' can't be read`))
}
