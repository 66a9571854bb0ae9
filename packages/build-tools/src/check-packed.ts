import type { PackedManifest, PackedPackage } from './packed-package.js'
import { scope } from './workspace.js'

/**
 * Checks what is in a packed package, and that whoever installs it gets all that it needs.
 *
 * @param manifests those of all packages that are packed, by name.
 * @returns what is wrong, and what to do about it; nothing when all is well.
 */
export function checkPacked(packed: PackedPackage, manifests: ReadonlyMap<string, PackedManifest>): string[] {
  const { manifest, files } = packed
  return [
    ...checkEntries(manifest),
    ...['README.md', 'LICENSE']
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is missing: nobody installs it unread.`),
    ...files.flatMap((file) => checkFile(file, files)),
    ...checkVersions(manifest),
    ...missingPeers(manifest, manifests),
    ...missingTypes(packed),
  ]
}

function checkEntries({ exports }: PackedManifest): string[] {
  if (exports === undefined) {
    return ['It has no exports: every file would be public. Name its entries in exports, and again in publishConfig.exports.']
  }
  return Object.entries(exports).flatMap(([entry, conditions]) => {
    const names = typeof conditions === 'object' && conditions !== null ? Object.keys(conditions) : []
    if (names.join() === 'types,default') return []
    return [
      `The entry '${entry}' must have the conditions types and default, in this order: whoever installs the package has its dist alone.`,
    ]
  })
}

function checkFile(file: string, files: readonly string[]): string[] {
  if (/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(file)) return []
  if (!/^(dist|src)\//.test(file)) return [`${file} is packed and should not be: leave it out in files.`]
  if (/\.test(-d)?\.|(^|\/)test\//.test(file))
    return [`${file} belongs to tests: a test ends in .test.ts, and doubles stand in test/ beside src/.`]
  if (/\.tsbuildinfo$/.test(file)) return [`${file} is the compiler's own: add '!**/*.tsbuildinfo' to files.`]
  const compiled = /^dist\/(.+?)\.(js|d\.ts)(\.map)?$/.exec(file)
  if (!compiled && file.startsWith('dist/'))
    return [`${file} was made by nobody known: compiled code and its maps are all that dist holds.`]
  if (compiled && !files.includes(`src/${compiled[1]}.ts`)) {
    return [`${file} is left over from src/${compiled[1]}.ts, which is gone: remove dist, and build again.`]
  }
  return []
}

function checkVersions({ dependencies, optionalDependencies, peerDependencies }: PackedManifest): string[] {
  return [
    ...Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies })
      .filter(([, range]) => /^(workspace|catalog|file|link):/.test(range))
      .map(([name, range]) => `It depends on ${name} as '${range}', which means nothing outside of this repository.`),
    ...Object.entries({ ...peerDependencies })
      .filter(([, range]) => /^\d/.test(range))
      .map(
        ([name, range]) => `Its peer ${name} may be ${range} and nothing else: no other release could be installed beside it.`,
      ),
  ]
}

/** A strict package manager gives a package only what it names: the peers of its dependencies are to be its own as well. */
function missingPeers(manifest: PackedManifest, manifests: ReadonlyMap<string, PackedManifest>): string[] {
  const given = { ...manifest.dependencies, ...manifest.peerDependencies }
  return Object.keys(given)
    .filter((name) => name.startsWith(scope))
    .flatMap((name) => {
      const { peerDependencies = {}, peerDependenciesMeta = {} } = manifests.get(name) ?? {}
      return Object.keys(peerDependencies)
        .filter((peer) => !(peer in given) && !peerDependenciesMeta[peer]?.optional)
        .map((peer) => `${name} needs ${peer} beside it: make ${peer} a peerDependency here, too.`)
    })
}

/** What declarations import must bring its types along, also where those come from a package of their own. */
function missingTypes({ manifest, files, read }: PackedPackage): string[] {
  const imported = files
    .filter((file) => file.endsWith('.d.ts'))
    .flatMap((file) =>
      [...read(file).matchAll(/(?:from |import\()'([^.'][^']*)'/g)].map(([, specifier]) => `@types/${specifier}`),
    )
  return [...new Set(imported)]
    .filter((types) => types in { ...manifest.devDependencies })
    .map((types) => `Its declarations need ${types}, which is a devDependency: make it a dependency.`)
}
