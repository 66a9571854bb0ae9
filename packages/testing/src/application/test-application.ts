import { Application, type ApplicationOptions, type Module } from '@writ/application'
import { type TestRuntime, testRuntime } from '../runtime/test-runtime.js'
import { type StoreKind, type TestStore, testStore } from '../store/test-store.js'

export interface TestApplicationOptions extends Omit<ApplicationOptions, 'store' | 'modules' | 'runtime'> {
  /** A function gets the place where the tests keep their data: for modules that need a pool, or differ in memory. */
  readonly modules: readonly Module[] | ((place: TestStore) => readonly Module[])
  /** Which store; what the environment variable `WRIT_TEST_STORE` says by default, and memory when that says nothing. */
  readonly on?: StoreKind
  /** Time, ids and chance: `testRuntime()` by default. */
  readonly runtime?: TestRuntime
}

export interface TestApplication {
  readonly app: Application
  /** Its clock: time passes only by `runtime.advance`. */
  readonly runtime: TestRuntime
  readonly place: TestStore
  /** Stops the application, and removes its data. To call it twice is harmless. */
  stop(): Promise<void>
}

/** About as long as a lease may be: nobody else wants it, and months may be skipped. `subscriptions` can say otherwise. */
const LEASE = 70 * 24 * 3_600_000

/**
 * Starts an application on a store, a clock and ids of its own.
 *
 * @throws TestStoreUnavailableError, and whatever `Application.create` and its start throw
 */
export async function testApplication({ modules, on, ...options }: TestApplicationOptions): Promise<TestApplication> {
  const { runtime = testRuntime() } = options
  const place = await testStore({ ...(on && { on }), runtime })
  let app: Application | undefined
  const stop = async () => {
    await app?.stop()
    await place.close()
  }
  try {
    const listed = typeof modules === 'function' ? modules(place) : modules
    const subscriptions = { leaseMilliseconds: LEASE, ...options.subscriptions }
    app = await Application.create({ ...options, subscriptions, store: place.open(), modules: listed, runtime })
    await app.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { app, runtime, place, stop }
}
