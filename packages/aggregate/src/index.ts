export { Aggregate } from './aggregate.decorator.js'
export { aggregateOf } from './aggregate-of.js'
export { type AggregateState, Aggregates, type AggregatesOptions } from './aggregates.js'
export { Apply } from './apply.decorator.js'
export type { CommandExecution, Executed } from './command-execution.js'
export {
  type AggregateDefinition,
  type AggregateOptions,
  aggregate,
  type Decide,
  type Evolve,
  type Handling,
  type SnapshotPolicy,
} from './decider.js'
export { Decided, type Decision, type DecisionOn, decided } from './decision.js'
export { type BoundaryOptions, boundary, type DecisionBoundary, type Matching } from './boundary.js'
export { checkDecoratorMode } from './decorator-mode.js'
export { ApplyFailedError, AsyncApplyError, type EventPlace, UndeclaredEventError } from './errors/apply-errors.js'
export { BooksClosedError } from './errors/books-closed-error.js'
export { InvalidDecisionError, InvalidResultError } from './errors/decision-errors.js'
export {
  AggregateOverloadedError,
  AggregatesStoppedError,
  CommandIdReusedError,
  CommandTimeoutError,
  TooManyConflictsError,
} from './errors/execution-errors.js'
export { InvalidBoundaryError } from './errors/invalid-boundary-error.js'
export { DecoratorModeError, InvalidAggregateError, UncloneableStateError } from './errors/invalid-aggregate-error.js'
export type { HistoryOptions, HistoryStep } from './history.js'
export { Handle } from './handle.decorator.js'
export type { Lifespan, Lifespans } from './lifespan.js'
export type { Moment } from './moment.js'
export { changesBetween, type StateChange } from './state-changes.js'
export { DecisionInSteps, inSteps, type StepDecision, Steps } from './steps.js'
export type { AggregateDecoratorOptions } from './written-down.js'
