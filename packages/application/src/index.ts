export { Application, type WaitOptions } from './application.js'
export type { AggregateState } from '@writ/aggregate'
export { Branch, type BranchOptions } from './branch.js'
export {
  ApplicationNotRunningError,
  DuplicateNameError,
  InvalidApplicationError,
  InvalidPositionTokenError,
  MissingCommandHandlerError,
  NeverSettledError,
  StalePositionTokenError,
  StopTimedOutError,
  StoreInUseError,
  TransactionConflictError,
  UnknownAggregateError,
  UnlistedEventError,
  UnresolvableClassError,
} from './errors.js'
export type { EventSelection, LogSelection, StreamSelection } from './event-stream.js'
export type { Health, StoreHealth } from './health.js'
export type { LiveOptions } from './live.js'
export { type Module, module } from './module.js'
export type { AggregateOptions, ApplicationOptions, SubscriptionOptions } from './options.js'
export type { Handler } from './parked.js'
export type { PositionToken } from './position-token.js'
export type { SignalOptions } from './stop-on-signals.js'
export { ApplicationSubscriptions } from './subscriptions.js'
export type {
  ApplicationTransaction,
  EventAppendOptions,
  EventsTogether,
  Transacted,
  TransactionOptions,
  WorkOptions,
} from './transaction.js'
