import type { Lease } from '../store/checkpoints.js'
import { WritError } from './writ-error.js'

/**
 * Another owner has taken over a partition, or the partition was reset, deleted or replaced. What was tried through the old lease changed
 * nothing.
 */
export class LeaseLostError extends WritError<'lease-lost'> {
  readonly subscription: string
  readonly partition: number
  readonly owner: string
  readonly epoch: number

  constructor({ subscription, partition, owner, epoch }: Lease) {
    super(
      'lease-lost',
      `'${owner}' no longer holds partition ${partition} of the subscription '${subscription}': ` +
        `its epoch ${epoch} has passed. Nothing was changed; acquire the lease again.`,
    )
    this.subscription = subscription
    this.partition = partition
    this.owner = owner
    this.epoch = epoch
  }
}

/** A checkpoint may not move backwards. */
export class CheckpointBehindError extends WritError<'checkpoint-behind'> {
  constructor(
    readonly subscription: string,
    readonly partition: number,
    readonly stored: number,
    readonly given: number,
  ) {
    super(
      'checkpoint-behind',
      `The checkpoint of partition ${partition} of '${subscription}' is at ${stored} and may not go back to ${given}. Nothing was changed.`,
    )
  }
}

/** The store knows no subscription of this name: it was never registered, or was deleted. */
export class UnknownSubscriptionError extends WritError<'unknown-subscription'> {
  constructor(readonly subscription: string) {
    super('unknown-subscription', `The store knows no subscription '${subscription}'. Register it first.`)
  }
}
