export {
  AppendConditionFailedError,
  CapabilityMissingError,
  CommandAlreadyHandledError,
  EventIdConflictError,
  InvalidReadError,
  StoreNotRunningError,
  StoreOverloadedError,
  StoreUnavailableError,
  WrongExpectedVersionError,
} from './errors/append-errors.js'
export { DomainError } from './errors/domain-error.js'
export { DuplicateEventTypeError, UndecodableEventError, UnknownEventTypeError } from './errors/event-type-errors.js'
export {
  AmbiguousUpcasterTargetError,
  DuplicateUpcasterError,
  InvalidUpcasterError,
  UnknownUpcasterTargetError,
  UpcasterFromTodayError,
  UpcasterGapError,
  UpcasterLoopError,
} from './errors/upcaster-errors.js'
export { InvalidAppendError, InvalidStreamNameError } from './errors/invalid-append-error.js'
export { InvalidMessageDefinitionError, InvalidMessageError, type MessageIssue } from './errors/invalid-message-error.js'
export { InvalidOptionError, refuseNoOptions, refuseUnknownOptions } from './errors/invalid-option-error.js'
export { CheckpointBehindError, LeaseLostError, UnknownSubscriptionError } from './errors/lease-errors.js'
export { LogRewoundError } from './errors/log-rewound-error.js'
export { HardDeleteNotAllowedError, InvalidTruncationError, StreamDeletedError } from './errors/stream-errors.js'
export { UnknownParkedEventError } from './errors/parking-errors.js'
export { ProjectionVersionConflictError } from './errors/projection-errors.js'
export { RowDeadlockError } from './errors/row-deadlock-error.js'
export { nearestName } from './errors/nearest-name.js'
export { isError, lookedAt, thrownCode, thrownMessage } from './errors/thrown.js'
export { TransactionEndedError } from './errors/transaction-ended-error.js'
export { UnsupportedNodeError } from './errors/unsupported-node-error.js'
export { ValueNotStorableError } from './errors/value-not-storable-error.js'
export { hasCode, WritError } from './errors/writ-error.js'
export { Command, type CommandClass, type CommandOptions, type Declares, type ResultOf } from './messages/command.js'
export { Event, type EventClass, type EventOptions } from './messages/event.js'
export type { Mistake } from './messages/mistake.js'
export {
  type AnyCommand,
  type AnyCommandClass,
  type AnyEvent,
  type AnyEventClass,
  type Brand,
  type Class,
  commandClassOf,
  eventClassOf,
  isCommand,
  isCommandClass,
  isEvent,
  isEventClass,
  type MessageClass,
} from './messages/message.js'
export { UnknownEvent } from './messages/unknown-event.js'
export { failpoint } from './failpoint.js'
export { type Logger, silentLogger } from './logger.js'
export { type Json, type JsonObject, toPlainJson } from './messages/plain-json.js'
export { type Runtime, systemRuntime } from './runtime.js'
export type { Append, Appended } from './store/append.js'
export {
  checkAcquisition,
  checkFind,
  checkHeartbeat,
  checkMilliseconds,
  checkName,
  checkNewSubscription,
  checkPosition,
  checkReset,
  checkSnapshot,
  checkSwap,
} from './store/check-bookkeeping.js'
export {
  type CheckedChanges,
  checkChanges,
  checkDecision,
  checkEdit,
  keyOfParked,
  parkedPage,
} from './store/check-parking.js'
export { checkAppend, MAX_EVENT_BYTES, MAX_EVENTS_PER_APPEND, whyQueryIsMalformed } from './store/check-append.js'
export { checkIds, type LogRead, logRead, type StreamRead, streamRead } from './store/check-read.js'
export { checkDelete, checkTruncate, MOST_NAMES_SEARCHED, type StreamList, streamList } from './store/check-streams.js'
export type { Acquisition, Checkpoint, Checkpoints, Lease, NewSubscription, PartitionName } from './store/checkpoints.js'
export type {
  AppendListener,
  EventStore,
  Head,
  ReadAllOptions,
  ReadOptions,
  ReadStreamOptions,
  SteeringListener,
  WrittenEvents,
} from './store/event-store.js'
export {
  type Heartbeat,
  type HeartbeatAnswer,
  MOST_COUNTED,
  type PartitionChange,
  type SubscriptionView,
} from './store/heartbeat.js'
export { CollectedAppends, checkAppends } from './store/collected-appends.js'
export { EventTypes, type EventTypesOptions } from './store/event-types.js'
export { eventsOf } from './store/events-of.js'
export { checkExpectedVersion, type ExpectedVersion, isExpected } from './store/expected-version.js'
export { whyNotJson } from './store/json-text.js'
export { lacking } from './store/lacking.js'
export { type FoundLog, KnownPlace, type LogPlace } from './store/known-place.js'
export { followed, LINK_TYPE, type LinkTarget, linkTarget, newLink } from './store/link.js'
export { type EventMetadata, type InheritedMetadata, inheritedFrom, type TraceContext } from './store/metadata.js'
export type {
  FailedAttempt,
  NewParkedEvent,
  ParkedEvent,
  ParkedEventName,
  ParkedEvents,
  ParkedFailure,
  DueOptions,
  ParkedPage,
  ParkingChanges,
  ParkingDecision,
} from './store/parked-events.js'
export type { LiveVersion, LiveVersions, ProjectionVersions, VersionChange } from './store/projection-versions.js'
export { type NewEvent, newEvent, newEvents } from './store/new-event.js'
export { isReservedType, OWN_SCHEMA_VERSION } from './store/own-record.js'
export { type AppendCondition, type EventQuery, type EventQueryItem, matchesQuery } from './store/query.js'
export type { NewReceipt, Receipt, Receipts, ReceiptsAsOf } from './store/receipts.js'
export type { RecordedEvent } from './store/recorded-event.js'
export type { Snapshot, Snapshots } from './store/snapshots.js'
export type { Origin, StoredEvent } from './store/stored-event.js'
export type { Row, Rows, Table } from './store/rows.js'
export type { AppendsTogether, Committed, ReadsWithin } from './store/transaction.js'
export { categoryOf, checkStreamName, isCategory, isReservedStream, isStreamName, streamName } from './store/stream-name.js'
export type {
  Deleted,
  DeleteOptions,
  ListOptions,
  StreamDeletion,
  StreamInfo,
  StreamPage,
  Streams,
  TruncateOptions,
  Truncated,
} from './store/streams.js'
export { deletedError, deletionOf, newTombstone, TOMBSTONE_TYPE, TOMBSTONE_VERSION } from './store/tombstone.js'
export {
  type DataOf,
  type EventShape,
  type PartOf,
  type StoredFacts,
  type Upcasted,
  type Upcaster,
  upcaster,
} from './upcasting/upcaster.js'
