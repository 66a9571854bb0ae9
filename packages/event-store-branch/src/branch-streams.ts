import {
  CapabilityMissingError,
  checkStreamName,
  hasCode,
  type StoredEvent,
  type StreamInfo,
  type Streams,
} from '@writ/event-store'

/** Tells of the branch's streams; to end them is not what a branch is for. */
export class BranchStreams implements Streams {
  constructor(
    private readonly readStream: (
      stream: string,
      options: { readonly direction: 'forwards' | 'backwards'; readonly limit: 1; readonly durable: false },
    ) => AsyncIterable<readonly StoredEvent[]>,
    private readonly base: Streams,
  ) {}

  async info(stream: string): Promise<StreamInfo | undefined> {
    checkStreamName(stream)
    try {
      const [first, last] = [await this.one(stream, 'forwards'), await this.one(stream, 'backwards')]
      return first && last && { stream, version: last.version, firstVersion: first.version }
    } catch (error) {
      if (hasCode(error, 'stream-deleted')) return this.base.info(stream)
      throw error
    }
  }

  async list(): Promise<never> {
    throw new CapabilityMissingError('branch', 'lists of streams', 'List those of the base, or ask about one by its name.')
  }

  async delete(): Promise<never> {
    throw new CapabilityMissingError(
      'branch',
      'deletes',
      'Delete streams of the base, or ask what happens without them in a test.',
    )
  }

  async truncate(): Promise<never> {
    throw new CapabilityMissingError('branch', 'truncation', 'Close the books of the base.')
  }

  private async one(stream: string, direction: 'forwards' | 'backwards'): Promise<StoredEvent | undefined> {
    for await (const [event] of this.readStream(stream, { direction, limit: 1, durable: false })) return event
    return undefined
  }
}
