import type { EventStore } from '@writ/event-store'
import type { BranchEventStore } from '@writ/event-store-branch'
import { firstHandled, type ProcessManagerDefinition } from '@writ/process-manager'

/** How far handlers have come, by their names. */
export interface Progress {
  readonly checkpoints: ReadonlyMap<string, number>
  /** Whatever they did up to their checkpoints stands in the log before this position or at it. */
  readonly head: number
}

export async function progressOf(store: EventStore): Promise<Progress> {
  const checkpoints = new Map<string, number>()
  for (const { subscription, checkpoint } of await store.checkpoints.list())
    checkpoints.set(subscription, Math.min(checkpoint, checkpoints.get(subscription) ?? checkpoint))
  return { checkpoints, head: (await store.head()).position }
}

/**
 * Lets the process managers of a branch go on where those of the application are. Where it parted before that, they begin where these had
 * begun: what their journals hold is passed over, and what receipts answer is not done again.
 *
 * @param progress of the base, as it was found before the branch parted from it
 */
export async function continueProcessManagers(
  managers: readonly ProcessManagerDefinition[],
  { base, progress, branch }: { readonly base: EventStore; readonly progress: Progress; readonly branch: BranchEventStore },
): Promise<void> {
  for (const manager of managers) {
    const { name } = manager
    const checkpoint = progress.checkpoints.get(name)
    if (checkpoint === undefined) continue
    // In a branch of the past, what they did about an event before it may be missing.
    const startAfter = branch.at >= progress.head ? checkpoint : await beginningOf(manager, base, branch.at)
    await branch.checkpoints.register({ name, startAfter })
  }
}

/** After which position one begins in a past that it is beyond: it must not answer what came long before it. */
async function beginningOf({ name, startFrom }: ProcessManagerDefinition, base: EventStore, at: number): Promise<number> {
  if (startFrom === 'origin') return 0
  if (startFrom !== 'current') return Math.min(startFrom, at)
  // Where the log was when it came is not kept.
  const first = await firstHandled(base, name)
  return first === undefined ? at : Math.min(first - 1, at)
}
