/**
 * Which packages of Writ a package may import, and so the one way that imports point (docs: design, "Packages").
 *
 * A package that is not listed may not exist: adding one means deciding where it stands.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  'event-store': [],
  'event-store-memory': ['event-store'],
  'event-store-branch': ['event-store', 'event-store-memory'],
  'event-store-postgres': ['event-store'],
  'event-store-nats': ['event-store'],
  'event-store-conformance': ['event-store'],
  'postgres-embedded': [],
  aggregate: ['event-store'],
  'event-handler': ['event-store'],
  'command-router': ['aggregate', 'event-store'],
  'process-manager': ['event-handler', 'event-store'],
  application: ['aggregate', 'command-router', 'event-handler', 'event-store', 'event-store-branch', 'process-manager'],
  testing: [
    'aggregate',
    'application',
    'command-router',
    'event-handler',
    'event-store',
    'event-store-memory',
    'event-store-postgres',
    'postgres-embedded',
    'process-manager',
  ],
  telemetry: ['aggregate', 'application', 'command-router', 'event-handler', 'event-store', 'process-manager'],
  console: ['aggregate', 'application', 'command-router', 'event-handler', 'event-store', 'process-manager'],
  cli: ['application', 'event-store', 'event-store-postgres'],
  'create-writ': [],
  'build-tools': ['postgres-embedded'],
}

/** Packages that stand above all others: nobody imports them, and they import whatever they show or measure. */
export const topmost: readonly string[] = ['bench', 'docs', 'example-bank']

/** What tests may import besides: the doubles, the servers and the suite that every adapter runs. */
export const allowedInTests: readonly string[] = [
  'build-tools',
  'event-store-conformance',
  'event-store-memory',
  'event-store-postgres',
  'postgres-embedded',
]

/** Packages whose time, timers and randomness come from a Runtime, so that tests and simulations own them. */
export const deterministic: readonly string[] = [
  'aggregate',
  'command-router',
  'event-handler',
  'event-store',
  'event-store-memory',
  'process-manager',
]

/** Where the Runtime itself is made, the one place where a core package may touch the clock and chance. */
export const runtimeFiles: readonly string[] = [
  'packages/event-store/src/runtime.ts',
  'packages/event-store/src/time-ordered-uuid.ts',
]
