export { Aggregate, type CommandsOf } from './definition/aggregate.decorator.js'
export { aggregateOf } from './definition/aggregate-of.js'
export { type AggregateState, Aggregates } from './aggregates.js'
export type { AggregatesOptions } from './aggregates-options.js'
export {
  type FieldsOf,
  type MappedRowsOptions,
  type RowsOptions,
  rowsOf,
  type StoredRow,
  type StoredState,
} from './definition/stored-state.js'
export { statelessDefinition } from './definition/stateless.js'
export { type ModelOptions, model } from './definition/model.js'
export { Updated, type UpdateOn, updated } from './definition/updated.js'
export { RowTakenError } from './errors/row-taken-error.js'
export { StateNotToldError } from './errors/state-not-told-error.js'
export { isConflict } from './stored/conflicts.js'
export type { DecidedWithin, TransactionScope } from './stored/transaction-scope.js'
export { Apply } from './definition/apply.decorator.js'
export type { CommandExecution, Executed } from './execution/command-execution.js'
export {
  type AggregateDefinition,
  type AggregateOptions,
  aggregate,
  type Decide,
  type Evolve,
  type Handling,
  type HandlingAlone,
  type SnapshotPolicy,
  type StateAsJson,
  type StoredIn,
} from './definition/decider.js'
export { Decided, type Decision, type DecisionOn, decided } from './definition/decision.js'
export { type BoundaryOptions, boundary, type DecisionBoundary, type Matching } from './definition/boundary.js'
export { checkDecoratorMode } from './definition/decorator-mode.js'
export {
  ApplyFailedError,
  AsyncApplyError,
  type EventPlace,
  ImpureApplyError,
  StateChangedError,
  UndeclaredEventError,
} from './errors/apply-errors.js'
export { BooksClosedError } from './errors/books-closed-error.js'
export { InvalidDecisionError, InvalidResultError } from './errors/decision-errors.js'
export {
  AggregateOverloadedError,
  AggregatesStoppedError,
  CommandIdReusedError,
  CommandTimeoutError,
  CommittedNotToldError,
  TooManyConflictsError,
} from './errors/execution-errors.js'
export { CommandDeadlockError } from './errors/command-deadlock-error.js'
export { ConflictsWithItselfError } from './errors/conflicts-with-itself-error.js'
export { NestedCommandError } from './errors/nested-command-error.js'
export { NestedTransactionError } from './errors/nested-transaction-error.js'
export { InvalidBoundaryError } from './errors/invalid-boundary-error.js'
export { DecoratorModeError, InvalidAggregateError, UncloneableStateError } from './errors/invalid-aggregate-error.js'
export type { HistoryOptions, HistoryStep } from './state/history.js'
export { Handle } from './definition/handle.decorator.js'
export type { Lifespan, Lifespans } from './definition/lifespan.js'
export type { StateOf } from './definition/state-of.js'
export { type AggregateSettings, withSettings } from './definition/settings.js'
export { refusedWhileApplying } from './state/applying.js'
export type { Moment } from './state/moment.js'
export { changesBetween, type StateChange } from './state/state-changes.js'
export { DecisionInSteps, inSteps, type StepDecision, Steps } from './definition/steps.js'
export type { AggregateDecoratorOptions } from './definition/written-down.js'
