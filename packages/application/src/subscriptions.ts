import type { ResetTarget, SubscriptionStatus, Subscriptions } from '@writ/event-handler'
import type { Composition } from './composition.js'
import { type Handler, subscriptionNameOf } from './parked.js'

/** What `app.subscriptions` offers. Handlers are named by their class, or by their name; there a projection's version may be left out. */
export class ApplicationSubscriptions {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly composition: Composition,
    /** Throws unless the application runs. */
    private readonly check: (operation: string) => void,
  ) {}

  /** How each of them is, as far as this process knows: its partitions, who runs them, how far they lag. */
  status(): readonly SubscriptionStatus[] {
    return this.subscriptions.status()
  }

  /**
   * From now on nothing of it is handled, in whatever process: handlers at work finish, and checkpoints are stored. It is stored, and each
   * process learns it by the store's hint, or by its next heartbeat; so it lasts over restarts, until `resume`.
   *
   * @throws UnknownHandlerError with the nearest name
   * @throws ApplicationNotRunningError
   */
  async pause(handler: Handler): Promise<void> {
    await this.subscriptions.pause(this.nameOf(handler, 'pause'))
  }

  /**
   * Ends a pause, in all processes. One that has stopped in this process, for its error policy said so, begins again.
   *
   * @throws UnknownHandlerError, ApplicationNotRunningError
   */
  async resume(handler: Handler): Promise<void> {
    await this.subscriptions.resume(this.nameOf(handler, 'resume'))
  }

  /**
   * Sends it to the beginning, to the newest event or to a position, with all its partitions; `beforeReset` runs in the same transaction.
   * What is parked is forgotten, and what handlers have under way counts no more.
   *
   * @throws InvalidResetError for a position beyond the log's end, and for a projection without `beforeReset` that is sent back
   * @throws what `beforeReset` throws; then nothing has changed
   * @throws UnknownHandlerError, ApplicationNotRunningError
   */
  async reset(handler: Handler, target: ResetTarget): Promise<void> {
    await this.subscriptions.reset(this.nameOf(handler, 'reset'), target)
  }

  /**
   * Has the store forget one that is not defined any more, or is paused. One that is still defined begins anew with the next start.
   *
   * @throws SubscriptionInUseError, UnknownHandlerError, ApplicationNotRunningError
   */
  async delete(handler: Handler): Promise<void> {
    await this.subscriptions.delete(this.nameOf(handler, 'delete'))
  }

  private nameOf(handler: Handler, operation: string): string {
    this.check(`${operation} a subscription`)
    return subscriptionNameOf(handler, this.composition, this.subscriptions)
  }
}
