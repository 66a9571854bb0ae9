// Say what handles which events: as classes, or as the same values.
export type { CheckpointOptions } from './definition/checkpointing.js'
export type { EventFilter } from './definition/event-filter.js'
export { EventHandler, type EventHandlerValue, eventHandler, eventHandlerOf } from './definition/event-handler.js'
export type {
  BatchContext,
  HandlerContext,
  ProjectionBatchContext,
  ProjectionContext,
  ResetContext,
  StartContext,
} from './definition/handler-context.js'
export type { Hooks } from './definition/hooks.js'
export { On, on, type OnEvent, onMethodsOf, type OnMethod } from './definition/on.js'
export { OnBatch, type OnBatchOfEvents, onBatch } from './definition/on-batch.js'
export {
  Projection,
  type ProjectionValue,
  projection,
  projectionNameOf,
  projectionOf,
} from './definition/projection.js'
export type {
  Batch,
  BatchOptions,
  EventHandlerOptions,
  Handle,
  HandleBatch,
  PartitionBy,
  PartitionFunction,
  ProjectionOptions,
  StartFrom,
  SubscriptionDefinition,
} from './definition/subscription-definition.js'

// Keep versions of read models: build them beside each other, compare, swap, roll back.
export type { ComparedVersion, Comparison } from './projections/comparison.js'
export type { NamesTables, OwnTables, ReadModelContext, TableName } from './projections/own-tables.js'
export type { ProjectionStatus, VersionStatus } from './projections/projection-status.js'
export {
  type CompareOptions,
  Projections,
  type ProjectionsOptions,
  type ReadModelRead,
  type ReadModelReadiness,
  type SwapOptions,
} from './projections/projections.js'
export type { KeepsAReadModel, ReadModel, ReadModelHooks, ReadModelOptions } from './projections/read-model.js'
export type { ProjectionTarget } from './projections/versions-here.js'

// Keep rows in the append's own transaction.
export type { InlineContext, InlineEvent, InlineHandlerContext } from './inline/inline-context.js'
export { type InlineEventStoreOptions, inlineEventStore } from './inline/inline-event-store.js'
export {
  type InlineHandle,
  InlineProjection,
  type InlineProjectionDefinition,
  type InlineProjectionOptions,
  type InlineProjectionValue,
  inlineProjection,
  inlineProjectionOf,
  isInlineProjection,
  type SetsUp,
} from './inline/inline-projection.js'

// Fold a state when it is asked for, as of now or of a position.
export { foldLive, type LiveRead, type LiveState } from './live/fold-live.js'
export {
  type LiveFold,
  LiveProjection,
  type LiveProjectionDefinition,
  type LiveProjectionOptions,
  type LiveProjectionValue,
  liveProjection,
  liveProjectionOf,
} from './live/live-projection.js'

// Say what follows when a handler fails.
export {
  byError,
  type ErrorPolicy,
  type Failure,
  type PolicyForError,
  parkAtOnce,
  type RetryOptions,
  retryLaterThenPark,
  retryThenPark,
  retryThenSkip,
  retryThenStop,
  skipAtOnce,
  stopAtOnce,
  type Verdict,
} from './definition/error-policy.js'

// Run them, see how they are, wait for them.
export { Subscriptions, type SubscriptionsOptions } from './subscriptions.js'
export {
  type Decided,
  type DecisionOptions,
  Parked,
  type ParkedListing,
  type ParkedSelection,
  type WhichParked,
} from './parking/parked.js'
export type { ResetTarget } from './subscription-control.js'
export { partitionOf } from './leasing/partition-of.js'
export type { PartitionStatus, SubscriptionState, SubscriptionStatus } from './subscription-status.js'
export type { Awaited, WaitForOptions, Written } from './waiting/wait-for.js'

// What can go wrong.
export {
  DuplicateHandlerError,
  DuplicateSubscriptionError,
  InvalidSubscriptionError,
  NotDecoratedError,
  WrongDecoratorModeError,
} from './errors/definition-errors.js'
export { InlineProjectionFailedError } from './errors/inline-errors.js'
export { DecisionPendingError, TooManyParkedEventsError } from './errors/parking-errors.js'
export {
  ComparisonTimedOutError,
  NothingToRollBackToError,
  ProjectionVersionInUseError,
  ProjectionVersionsDifferError,
  ReadModelNotReadyError,
  ReplayRefusedError,
  UnknownProjectionError,
  UnknownProjectionVersionError,
} from './errors/projection-errors.js'
export {
  CheckpointAheadOfLogError,
  InvalidResetError,
  InvalidVerdictError,
  SubscriptionDeletedError,
  SubscriptionInUseError,
  SubscriptionsNotRunningError,
  SubscriptionsRunningError,
} from './errors/subscription-errors.js'
export { CommittedButParkedError, NotYetVisibleError, UnknownHandlerError, WaitsForItselfError } from './errors/wait-errors.js'
