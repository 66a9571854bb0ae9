import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

// Jest runs everything as CommonJS, so packages that ship ES modules only go through the transform as well.
const esmOnly = ['inversify', '@inversifyjs', 'jose', '@seriousme', 'p-limit', 'yocto-queue']

const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true, verbatimModuleSyntax: true },
      // Events and aggregates are known by their classes' names.
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
]

/** One Jest project for a folder of the workspace: its tests run on sources, its own and those of other packages. */
export function project(root, folder) {
  return {
    displayName: folder.replace(/^(packages|apps)\//, ''),
    rootDir: join(root, folder),
    testEnvironment: 'node',
    testMatch: ['<rootDir>/**/*.test.ts'],
    testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
    modulePathIgnorePatterns: ['<rootDir>/dist/'],
    testEnvironmentOptions: { customExportConditions: ['@writ/source', 'node', 'node-addons'] },
    // Sources import './x.js', as Node wants it; the file beside them is x.ts.
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
    transform: { '^.+\\.tsx?$': swc, [`/node_modules/(?:${esmOnly.join('|')})/.+\\.m?js$`]: swc },
    transformIgnorePatterns: [`/node_modules/(?!\\.pnpm/|${esmOnly.map((name) => `${name}/`).join('|')})`],
  }
}

/** Every folder of the workspace that can hold tests. */
export function projects(root) {
  const packages = ['packages', 'apps'].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
  return [...packages, 'docs']
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => project(root, folder))
}
