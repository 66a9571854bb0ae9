import {
  followed,
  LINK_TYPE,
  linkTarget,
  type NewEvent,
  newLink,
  OWN_SCHEMA_VERSION,
  type Receipt,
  type Runtime,
  type StoredEvent,
  type StreamDeletion,
} from '@writ/event-store'
import type { Past } from './past.js'

/** What stands in the branch → what its own store holds, and back: there, versions and positions begin where the base ends. */
export class Translation {
  /** The type of what stands for a link to an event of the base: the own store could not follow it. No query can name it by chance. */
  private readonly linkToBase: string

  constructor(
    private readonly past: () => Past,
    runtime: Runtime,
  ) {
    this.linkToBase = `link-to-base-${runtime.uuid()}`
  }

  newEvent(event: NewEvent): NewEvent {
    const target = linkTarget(event)
    if (!target) return event
    const position = target.position - this.past().position
    return position > 0
      ? newLink({ ...target, position }, event.id)
      : { ...event, type: this.linkToBase, schemaVersion: OWN_SCHEMA_VERSION + 1 }
  }

  /** What readers of a stream get; fewer where links lead nowhere. */
  async readable(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const moved = await Promise.all(events.map((event) => this.event(event)))
    return moved.filter((event) => event !== undefined)
  }

  /** What readers of the log get. */
  async inTheLog(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    return this.readable(events.filter(({ type }) => type !== this.linkToBase))
  }

  /** What `findEvents` gives: links are not followed. */
  written(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    return Promise.all(
      events.map(async (event) => {
        const moved = { ...event, ...(await this.moved(event)) }
        if (event.type === this.linkToBase) return { ...moved, type: LINK_TYPE, schemaVersion: OWN_SCHEMA_VERSION }
        const target = linkTarget(event)
        return target
          ? { ...moved, data: newLink({ ...target, position: this.past().position + target.position }, event.id).data }
          : moved
      }),
    )
  }

  async receipt(receipt: Receipt): Promise<Receipt> {
    const end = await this.past().endOf(receipt.stream)
    const position = receipt.position === 0 ? end.position : this.past().position + receipt.position
    return { ...receipt, version: end.version + receipt.version, position }
  }

  async deletion(stream: string, deletion: StreamDeletion): Promise<StreamDeletion> {
    const { version } = await this.past().endOf(stream)
    return { ...deletion, version: version + deletion.version, position: this.past().position + deletion.position }
  }

  private async event(event: StoredEvent): Promise<StoredEvent | undefined> {
    const { version, position } = await this.moved(event)
    const moved = { ...event, version, position }
    if (event.type !== this.linkToBase) return event.origin ? { ...moved, origin: await this.moved(event.origin) } : moved
    // A link to a link is not followed.
    if (event.origin) return undefined
    const link = { ...moved, type: LINK_TYPE, schemaVersion: OWN_SCHEMA_VERSION }
    return followed(link, await this.past().at(linkTarget(link)!.position))
  }

  private async moved(place: { readonly stream: string; readonly version: number; readonly position: number }) {
    const { stream, version, position } = place
    const end = await this.past().endOf(stream)
    return { stream, version: end.version + version, position: this.past().position + position }
  }
}
