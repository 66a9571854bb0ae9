import { closingAfterEach } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import { Application, type ApplicationOptions, type Module } from '../../src/index.js'

/**
 * What the tests of one area have in common: applications that are stopped after each test, and names that no other test has.
 *
 * @param open gives another process on the same data each time
 */
export function processes(name: string, open: () => EventStore, modules: readonly Module[] = []) {
  const closeLater = closingAfterEach()
  let count = 0
  return {
    /** Starts one more process. */
    async start(options: Partial<ApplicationOptions> = {}, overrides: Partial<ApplicationOptions> = {}): Promise<Application> {
      const app = await Application.create({ store: open(), modules, ...options }, overrides)
      closeLater(() => app.stop())
      await app.start()
      return app
    },
    newName: () => `${name}-${++count}`,
  }
}
