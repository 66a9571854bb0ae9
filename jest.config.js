import { fileURLToPath } from 'node:url'
import { projects } from './packages/build-tools/jest/project.js'

const root = fileURLToPath(new URL('.', import.meta.url))

export default {
  projects: projects(root),
  globalSetup: '<rootDir>/packages/build-tools/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/packages/build-tools/jest/global-teardown.mjs',
}
