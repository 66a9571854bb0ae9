import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPackageFromTarballData, type Package } from '@arethetypeswrong/core'
import { run } from './run-program.js'
import type { WorkspacePackage } from './workspace.js'

/** What npm would hand to whoever installs a package. */
export interface PackedPackage {
  readonly manifest: PackedManifest
  /** Paths inside of the package: `dist/index.js`. */
  readonly files: readonly string[]
  read(file: string): string
}

export interface PackedManifest {
  readonly name: string
  readonly version: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export interface Tarball extends PackedPackage {
  readonly path: string
  readonly data: Uint8Array<ArrayBuffer>
  readonly content: Package
}

/** Packs packages as they would be published: pnpm puts versions for `workspace:` and `catalog:`, and applies `publishConfig`. */
export async function pack(root: string, packages: readonly WorkspacePackage[], folder: string): Promise<Tarball[]> {
  mkdirSync(folder, { recursive: true })
  const chosen = packages.flatMap(({ manifest }) => ['--filter', manifest.name])
  const pnpm = join(root, 'node_modules/pnpm/bin/pnpm.mjs')
  await run(process.execPath, [pnpm, '--recursive', ...chosen, 'pack', '--pack-destination', folder], { cwd: root })
  return readdirSync(folder).map((name) => readTarball(join(folder, name)))
}

function readTarball(path: string): Tarball {
  const data = new Uint8Array(readFileSync(path))
  const content = createPackageFromTarballData(data)
  const prefix = `/node_modules/${content.packageName}/`
  return {
    path,
    data,
    content,
    manifest: JSON.parse(content.readFile(`${prefix}package.json`)),
    files: content.listFiles().map((file) => file.slice(prefix.length)),
    read: (file) => content.readFile(prefix + file),
  }
}
