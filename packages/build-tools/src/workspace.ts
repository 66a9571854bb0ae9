import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface WorkspacePackage {
  /** The name without its scope: `event-store`. */
  readonly name: string
  /** From the root, with slashes: `packages/event-store`. */
  readonly folder: string
  readonly manifest: Manifest
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export const scope = '@writ/'

/** The packages below `packages/` and `apps/`, and the documentation's samples. */
export function workspacePackages(root: string): WorkspacePackage[] {
  const below = ['packages', 'apps'].flatMap((parent) =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`) : [],
  )
  return [...below, 'docs']
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest: Manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
      return { name: manifest.name.slice(scope.length), folder, manifest }
    })
}

const generated = new Set(['node_modules', 'dist', 'coverage', '.turbo', '.data'])

/** The files below a folder whose names match, from the root, with slashes; generated folders are left out. */
export function filesBelow(root: string, folder: string, matching: RegExp): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return generated.has(entry.name) ? [] : filesBelow(root, path, matching)
    return matching.test(entry.name) ? [path] : []
  })
}
