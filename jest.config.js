import { fileURLToPath } from 'node:url'
import { projects } from './packages/build-tools/jest/project.js'

const root = fileURLToPath(new URL('.', import.meta.url))

export default {
  projects: projects(root),
  // In milliseconds. It ends what hangs and measures nothing: what takes 0.5 s alone may take 10 s on a machine that has other work.
  testTimeout: 60_000,
  globalSetup: '<rootDir>/packages/build-tools/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/packages/build-tools/jest/global-teardown.mjs',
}
