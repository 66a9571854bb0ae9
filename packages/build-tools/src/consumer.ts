import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { PackedManifest, Tarball } from './packed-package.js'
import { run } from './run-program.js'
import { filesBelow } from './workspace.js'

/** A project outside of the repository, with nothing but the packed packages and what npm's registry has. */
export interface Consumer {
  readonly folder: string
  install(): Promise<void>
  compile(): Promise<void>
  /** Runs the tests of all services, with Node's own runner. */
  test(): Promise<void>
  /** @returns what the service printed. */
  start(service: string, env?: NodeJS.ProcessEnv): Promise<string>
  /** Loads every entry of every package from CommonJS. */
  require(): Promise<void>
}

export interface ConsumerOptions {
  readonly root: string
  readonly folder: string
  readonly tarballs: readonly Tarball[]
  /** Folders of the repository with the sources of services. */
  readonly services: readonly string[]
}

/** What a service of one's own is compiled with, and the declarations of the packages, too. */
const compilerOptions = {
  target: 'ES2022',
  module: 'nodenext',
  rootDir: 'src',
  outDir: 'dist',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: false,
  types: ['node'],
}

/** Writes the project down; nothing is installed yet. */
export function createConsumer({ root, folder, tarballs, services }: ConsumerOptions): Consumer {
  const env = environmentOutside(process.env)
  const manifests = tarballs.map(({ manifest }) => manifest)
  mkdirSync(join(folder, 'src'), { recursive: true })
  writeJson(join(folder, 'package.json'), consumerManifest(root, tarballs))
  writeJson(join(folder, 'tsconfig.json'), { compilerOptions, include: ['src'] })
  writeFileSync(join(folder, 'src/commonjs.cts'), commonJsProgram(manifests))
  for (const service of services) cpSync(join(root, service), join(folder, 'src', basename(service)), { recursive: true })
  return {
    folder,
    async install() {
      await npm(
        ['install', '--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline', '--loglevel=error'],
        folder,
        env,
      )
      const copies = secondCopies(folder, manifests)
      if (copies.length > 0) throw new Error(`These were installed twice, so that their classes differ:\n${copies.join('\n')}`)
    },
    async compile() {
      await run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: folder, env })
    },
    async test() {
      const files = filesBelow(folder, 'src', /\.spec\.ts$/).map((file) => file.replace(/^src(.+)\.ts$/, 'dist$1.js'))
      await run(process.execPath, ['--enable-source-maps', '--test', ...files], { cwd: folder, env })
    },
    start: (service, own) =>
      run(process.execPath, [`dist/${basename(service)}/main.js`], { cwd: folder, env: { ...env, ...own } }),
    async require() {
      await run(process.execPath, ['dist/commonjs.cjs'], { cwd: folder, env })
    },
  }
}

/** The packed packages, what they want beside them, and a compiler: of the versions that this repository has. */
function consumerManifest(root: string, tarballs: readonly Tarball[]): object {
  const packed = Object.fromEntries(tarballs.map(({ manifest, path }) => [manifest.name, `file:${path}`]))
  return {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: { ...Object.assign({}, ...tarballs.map(({ manifest }) => manifest.peerDependencies)), ...packed },
    devDependencies: Object.fromEntries(['typescript', '@types/node'].map((name) => [name, versionInstalled(root, name)])),
    // Nothing of Writ comes from the registry, also where one of its packages wants another one.
    overrides: Object.fromEntries(Object.keys(packed).map((name) => [name, `$${name}`])),
  }
}

function versionInstalled(root: string, name: string): string {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version
}

/** Without what npm tells the scripts of this repository about it, and what would make another kind of installation. */
export function environmentOutside(inside: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_ENV, NODE_PATH, NODE_TEST_CONTEXT, INIT_CWD, npm_config_local_prefix, ...outside } = inside
  return outside
}

/** The npm that runs this, if one does. */
async function npm(parameters: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const program = process.env.npm_execpath ?? ''
  if (basename(program) === 'npm-cli.js') await run(process.execPath, [program, ...parameters], { cwd, env })
  else await run('npm', parameters, { cwd, env })
}

/** @returns the folders of packed packages, and of what they want beside them, that npm could not share. */
export function secondCopies(folder: string, manifests: readonly PackedManifest[]): string[] {
  const shared = new Set(manifests.flatMap(({ name, peerDependencies }) => [name, ...Object.keys({ ...peerDependencies })]))
  return manifests.flatMap(({ name }) =>
    [...shared].map((each) => `node_modules/${name}/node_modules/${each}`).filter((path) => existsSync(join(folder, path))),
  )
}

const commonJsProgram = (manifests: readonly PackedManifest[]): string => {
  const entries = manifests.flatMap(({ name, exports }) => Object.keys({ ...exports }).map((entry) => name + entry.slice(1)))
  return [
    ...entries.map((entry, index) => `import entry${index} = require('${entry}')`),
    ...entries.map(
      (entry, index) => `if (Object.keys(entry${index}).length === 0) throw new Error('${entry} has nothing to offer.')`,
    ),
    '',
  ].join('\n')
}

const writeJson = (path: string, value: object): void => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
