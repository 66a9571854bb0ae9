/** What went wrong, in a word that does not change between versions. */
export type PostgresEmbeddedErrorCode =
  /** An option has a value that can't be used. */
  | 'invalid-option'
  /** There are no PostgreSQL binaries for this platform. */
  | 'unsupported-platform'
  /** The platform's npm package with the binaries is not installed, or can't be read by the server's user. */
  | 'binaries-not-found'
  /** This process is root, PostgreSQL refuses to run as root, and the system has no user `nobody`. */
  | 'no-unprivileged-user'
  /** Another process runs, or starts, a server on the data folder. */
  | 'data-directory-in-use'
  /** The data folder can't be used: no right to write, another owner, not a folder of this package. */
  | 'data-directory-unusable'
  /** The data folder was written by another major version of PostgreSQL. */
  | 'data-directory-version-mismatch'
  /** The port that was asked for is taken. */
  | 'port-in-use'
  /** PostgreSQL gave up while it started; `log` has its last lines. */
  | 'start-failed'

/** The facts that an error carries; which of them are there depends on its code. */
export interface PostgresEmbeddedErrorFacts {
  readonly dataDirectory?: string
  /** The process that has the data folder, where it is known. */
  readonly pid?: number | undefined
  readonly port?: number
  /** `process.platform` and `process.arch`, as in `linux-x64`. */
  readonly platform?: string
  /** The option that was refused. */
  readonly option?: string
  /** The major version that wrote the data folder. */
  readonly foundVersion?: string
  /** The major version of the binaries. */
  readonly expectedVersion?: string
  /** The last lines of the server's log. */
  readonly log?: readonly string[]
}

export interface PostgresEmbeddedError extends PostgresEmbeddedErrorFacts {}

/** The one error of this package: its `code` says what happened, its fields carry the facts, its message says what to do. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns the facts, whose types stand above.
export class PostgresEmbeddedError extends Error {
  override readonly name = 'PostgresEmbeddedError'

  constructor(
    readonly code: PostgresEmbeddedErrorCode,
    message: string,
    facts: PostgresEmbeddedErrorFacts = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    Object.assign(this, facts)
  }
}
