// Say what begins, moves and ends a process: as classes, or as the same values.
export { ProcessManager, type ProcessManagerValue, processManager, processManagerOf } from './definition/process-manager.js'
export type {
  Commands,
  Correlate,
  CorrelateFunction,
  ProcessContext,
  ProcessManagerDefinition,
  ProcessManagerOptions,
  Reaction,
  Rejection,
  Role,
  Step,
} from './definition/process-manager-definition.js'
export { End, On, Rejected, Start } from './definition/reaction-methods.js'
export {
  type Answer,
  type EventReaction,
  end,
  on,
  type RefusalReaction,
  rejected,
  type StatefulContext,
  start,
  type ValueReaction,
} from './definition/reactions.js'

// Run them.
export type { Dispatch, ProcessDispatch } from './dispatch.js'
export { type ProcessSurroundings, processSubscription } from './process-subscription.js'

// Look at what they have done.
export { firstHandled, journalStream, readJournal } from './journal/journal.js'
export {
  type DispatchFailure,
  type HandledEvent,
  type JournaledCommand,
  type JournalEntry,
  type Outcome,
  ProcessAdvanced,
  type Refusal,
} from './journal/journal-entry.js'

// What can go wrong.
export { InvalidProcessManagerError } from './errors/definition-errors.js'
export {
  InvalidCorrelationError,
  InvalidStepError,
  UnhandledCommandError,
  UnreadableJournalError,
} from './errors/process-errors.js'
