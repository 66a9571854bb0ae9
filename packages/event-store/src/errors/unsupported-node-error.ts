import { WritError } from './writ-error.js'

/** This Node.js is older than Writ's code: it lacks functions that the code calls. */
export class UnsupportedNodeError extends WritError<'unsupported-node'> {
  constructor(
    /** The version that runs, such as `v18.20.4`. */
    readonly found: string,
  ) {
    super(
      'unsupported-node',
      `Writ needs Node.js 20.19 or newer, and this is ${found}. Nothing was done; run it with a newer one.`,
    )
  }
}

/**
 * Called where messages are defined, which is the first thing that a program does with Writ.
 *
 * @throws UnsupportedNodeError where what Writ calls at every text is missing
 */
export function refuseOldNode(): void {
  if (typeof String.prototype.isWellFormed !== 'function') throw new UnsupportedNodeError(process.version)
}
