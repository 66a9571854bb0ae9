import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { join } from 'node:path/posix'
import { allowedInTests, deterministic, layers, runtimeFiles, topmost } from './layers.js'
import { type Import, readSource, type SourceFile } from './source-file.js'
import { filesBelow, scope, type WorkspacePackage, workspacePackages } from './workspace.js'

export type Rule = 'unplaced-package' | 'wrong-direction' | 'cycle' | 'deep-import' | 'undeclared-dependency' | 'ambient-runtime'

export interface Finding {
  readonly rule: Rule
  /** From the root, with slashes. */
  readonly file: string
  readonly line: number
  /** What is wrong, and what to do about it. */
  readonly message: string
}

interface ReadFile extends SourceFile {
  readonly path: string
  readonly isTest: boolean
}

/** Checks that imports of a workspace point one way, stay on the surface of packages, and are declared. */
export function checkImports(root: string): Finding[] {
  const packages = workspacePackages(root)
  const byName = new Map(packages.map((each) => [each.name, each]))
  return [
    ...packages.flatMap((each) => checkPackage(root, each, byName)),
    ...packages.flatMap((each) => packageCycleFrom(each, byName)),
  ]
}

function checkPackage(root: string, own: WorkspacePackage, byName: ReadonlyMap<string, WorkspacePackage>): Finding[] {
  const manifest = `${own.folder}/package.json`
  if (!(own.name in layers) && !topmost.includes(own.name)) {
    return [
      {
        rule: 'unplaced-package',
        file: manifest,
        line: 1,
        message: `${scope}${own.name} has no place among the layers: say in packages/build-tools/src/layers.ts what it may import.`,
      },
    ]
  }
  const files = filesBelow(root, own.folder, /\.[cm]?[jt]sx?$/).map((path) => ({
    path,
    isTest: isTestFile(path, own),
    ...readSource(readFileSync(join(root, path), 'utf8'), path),
  }))
  return [
    ...Object.keys({ ...own.manifest.dependencies, ...own.manifest.peerDependencies })
      .filter((name) => name.startsWith(scope) && !mayImport(own, name.slice(scope.length), false))
      .map((name) => wrongDirection(own, name.slice(scope.length), manifest, lineOf(root, manifest, name))),
    ...files.flatMap((file) => file.imports.flatMap((each) => checkImport(own, file, each, byName))),
    ...fileCycles(root, files),
    ...files.flatMap((file) => checkAmbient(own, file)),
  ]
}

/** Tests, type tests, and whatever stands in a folder named `test`; the documentation's samples are tests altogether. */
function isTestFile(path: string, own: WorkspacePackage): boolean {
  return /\.test(-d)?\.[cm]?tsx?$/.test(path) || path.split('/').includes('test') || own.name === 'docs'
}

function mayImport(own: WorkspacePackage, name: string, inTest: boolean): boolean {
  if (name === own.name || topmost.includes(own.name)) return !topmost.includes(name) || name === own.name
  return (layers[own.name] ?? []).includes(name) || (inTest && allowedInTests.includes(name))
}

function wrongDirection(own: WorkspacePackage, name: string, file: string, line: number): Finding {
  const allowed = (layers[own.name] ?? []).map((each) => scope + each).join(', ') || 'no other package of Writ'
  return {
    rule: 'wrong-direction',
    file,
    line,
    message: `${scope}${own.name} must not import ${scope}${name}. It may import ${allowed}: move the code to where both can reach it, or take what you need as a parameter.`,
  }
}

function checkImport(
  own: WorkspacePackage,
  file: ReadFile,
  { specifier, line }: Import,
  byName: ReadonlyMap<string, WorkspacePackage>,
): Finding[] {
  const at = { file: file.path, line }
  if (specifier.startsWith('.')) {
    const target = join(posix.dirname(file.path), specifier)
    if (target.startsWith(`${own.folder}/`)) return []
    return [
      {
        rule: 'deep-import',
        ...at,
        message: `'${specifier}' leaves the package: import another package by its name, from its index.`,
      },
    ]
  }
  if (isBuiltin(specifier)) return []
  const dependency = packageOf(specifier)
  const findings: Finding[] = []
  if (dependency.startsWith(scope)) {
    const name = dependency.slice(scope.length)
    if (!mayImport(own, name, file.isTest)) return [wrongDirection(own, name, file.path, line)]
    const subpath = `.${specifier.slice(dependency.length)}`
    const target = byName.get(name)
    if (target && !(subpath in (target.manifest.exports ?? {}))) {
      findings.push({
        rule: 'deep-import',
        ...at,
        message: `'${specifier}' is not exported by ${dependency}: import from '${dependency}', and add the name to its index if it is meant for others.`,
      })
    }
    if (name === own.name) return findings
  }
  return [...findings, ...undeclared(own, file, dependency, at)]
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

function undeclared(own: WorkspacePackage, file: ReadFile, dependency: string, at: { file: string; line: number }): Finding[] {
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = own.manifest
  if (dependency in { ...dependencies, ...optionalDependencies, ...peerDependencies }) return []
  const inDev = dependency in { ...devDependencies }
  if (inDev && file.isTest) return []
  const remedy = inDev
    ? `is only a devDependency, which nobody who installs the package gets: make it a dependency or a peerDependency in ${own.folder}/package.json.`
    : `is not in ${own.folder}/package.json: add it to ${file.isTest ? 'devDependencies' : 'dependencies or peerDependencies'}.`
  return [{ rule: 'undeclared-dependency', ...at, message: `'${dependency}' ${remedy}` }]
}

function checkAmbient(own: WorkspacePackage, file: ReadFile): Finding[] {
  if (!deterministic.includes(own.name) || file.isTest || runtimeFiles.includes(file.path)) return []
  return file.ambient.map(({ what, line }) => ({
    rule: 'ambient-runtime',
    file: file.path,
    line,
    message: `${what} can't be controlled by a test or a simulation: take time, timers, ids and randomness from the Runtime.`,
  }))
}

/** The cycles among a package's files that exist at run time, each reported once. */
function fileCycles(root: string, files: readonly ReadFile[]): Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const targets = (file: ReadFile) =>
    file.imports
      .filter((each) => !each.typeOnly && each.specifier.startsWith('.'))
      .flatMap((each) => {
        const target = byPath.get(resolveRelative(root, file.path, each.specifier))
        return target ? [{ target, line: each.line }] : []
      })
  const findings: Finding[] = []
  const done = new Set<ReadFile>()
  const visit = (file: ReadFile, trail: readonly ReadFile[]): void => {
    for (const { target, line } of targets(file)) {
      const start = trail.indexOf(target)
      if (start >= 0) {
        const ring = [...trail.slice(start), target].map((each) => posix.basename(each.path)).join(' → ')
        findings.push({
          rule: 'cycle',
          file: file.path,
          line,
          message: `${ring} is a circle: move what they share into a file of its own, or write 'import type' if only types are needed.`,
        })
      } else if (!done.has(target)) visit(target, [...trail, target])
    }
    done.add(file)
  }
  for (const file of files) if (!done.has(file)) visit(file, [file])
  return findings
}

/** The source file that './x.js' means, from the root. */
function resolveRelative(root: string, from: string, specifier: string): string {
  const path = join(posix.dirname(from), specifier)
  const source = [path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2'), path.replace(/\.jsx?$/, '.tsx')]
  return source.find((each) => each !== path && existsSync(join(root, each))) ?? path
}

/**
 * A cycle through package.json files, devDependencies included: the build could not order the packages.
 * Reported at its alphabetically first package.
 */
function packageCycleFrom(start: WorkspacePackage, byName: ReadonlyMap<string, WorkspacePackage>): Finding[] {
  const next = ({ manifest }: WorkspacePackage) =>
    Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies })
      .filter((name) => name.startsWith(scope))
      .flatMap((name) => byName.get(name.slice(scope.length)) ?? [])
      .filter((each) => each.name >= start.name)
  const seen = new Set<WorkspacePackage>()
  const search = (from: WorkspacePackage, trail: readonly string[]): readonly string[] | undefined => {
    for (const each of next(from)) {
      if (each === start) return [...trail, each.name]
      if (seen.has(each)) continue
      seen.add(each)
      const found = search(each, [...trail, each.name])
      if (found) return found
    }
    return undefined
  }
  const ring = search(start, [start.name])
  if (!ring) return []
  return [
    {
      rule: 'cycle',
      file: `${start.folder}/package.json`,
      line: 1,
      message: `${ring.map((name) => scope + name).join(' → ')} is a circle of dependencies, devDependencies included: move the test that needs the upper package into that package.`,
    },
  ]
}

function lineOf(root: string, file: string, text: string): number {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  return lines.findIndex((line) => line.includes(`"${text}"`)) + 1
}
