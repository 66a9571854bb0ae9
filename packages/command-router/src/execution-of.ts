import type { Aggregates, CommandExecution } from '@writ/aggregate'
import { type AnyCommand, type EventMetadata, type JsonObject, toPlainJson } from '@writ/event-store'
import type { Consistency } from './dispatch-options.js'
import { fingerprintOf } from './fingerprint.js'
import type { DispatchContext } from './middleware.js'
import type { Answer } from './reply.js'
import type { Route } from './route.js'

/** What the options come to, with the defaults. */
export interface Way {
  readonly route: Route
  readonly aggregates: Aggregates
  readonly givenId: string | undefined
  readonly fingerprint: string | undefined
  readonly timeout: number
  readonly consistency: Consistency
  readonly retries: number
  readonly returning: Answer
}

/** What an aggregate is told of a command. */
export function executionOf(context: DispatchContext, way: Omit<Way, 'aggregates' | 'timeout'> & Partial<Way>): CommandExecution {
  const { command, commandId, stream } = context
  const { route, givenId, returning } = way
  return {
    aggregate: route.aggregate,
    stream,
    command,
    commandId,
    receipt: givenId === undefined ? undefined : { fingerprint: way.fingerprint ?? fingerprintOf(command) },
    metadata: metadataOf(context),
    decide: route.decide,
    boundary: route.boundary?.(command),
    boundaryState: boundaryStateOf(route, command),
    retries: way.retries,
    timeout: way.timeout,
    wants: returning === 'state' || returning === 'events' ? returning : undefined,
    tellsTypes: way.consistency !== 'eventual',
  }
}

function boundaryStateOf({ boundaryState }: Route, command: AnyCommand): CommandExecution['boundaryState'] {
  return boundaryState && ((events) => boundaryState(command, events))
}

function metadataOf(context: DispatchContext): EventMetadata {
  const { commandId, correlationId, causationId, causationDepth, actor, tenant, trace, metadata } = context
  const isFirst = causationId === undefined && causationDepth === undefined
  if (isFirst && actor === undefined && tenant === undefined && trace === undefined && metadata === undefined)
    return { correlationId, causationId: commandId }
  return {
    correlationId,
    causationId: commandId,
    ...(causationId !== undefined && { commandCausationId: causationId }),
    ...(causationDepth !== undefined && { causationDepth }),
    ...(actor !== undefined && { actor }),
    ...(tenant !== undefined && { tenant }),
    ...(trace !== undefined && { trace }),
    ...(metadata !== undefined && { user: toPlainJson(metadata, 'metadata') as JsonObject }),
  }
}
