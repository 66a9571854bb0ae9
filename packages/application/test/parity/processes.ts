import type { EventStore } from '@writ/event-store'
import { Application, type ApplicationOptions, type Module } from '../../src/index.js'

/**
 * What the tests of one area have in common: applications that are stopped after each test, and names that no other test has.
 *
 * @param open gives another process on the same data each time
 */
export function processes(name: string, open: () => EventStore, modules: readonly Module[] = []) {
  const running: Application[] = []
  let count = 0
  afterEach(async () => {
    for (const app of running.splice(0)) await app.stop()
  })
  return {
    /** Starts one more process. */
    async start(options: Partial<ApplicationOptions> = {}, overrides: Partial<ApplicationOptions> = {}): Promise<Application> {
      const app = await Application.create({ store: open(), modules, ...options }, overrides)
      running.push(app)
      await app.start()
      return app
    },
    newName: () => `${name}-${++count}`,
  }
}
