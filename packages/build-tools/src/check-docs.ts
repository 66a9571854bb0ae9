import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { checkLinks, type Find, linksOf } from './check-links.js'
import { checkPage } from './samples.js'
import { readSource } from './source-file.js'
import { filesBelow } from './workspace.js'

const samplesFolder = 'docs/samples'

/**
 * Checks that every TypeScript sample in the README files and the documentation is a copy of code that is compiled and run, and that every
 * link leads somewhere.
 *
 * @param write refreshes the pages from their sources first.
 * @returns one line for each problem, with its place.
 */
export function checkDocs(root: string, { write = false } = {}): string[] {
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined)
  const pages = ['README.md', ...['docs', 'packages', 'apps'].flatMap((folder) => filesBelow(root, folder, /\.md$/))]
  const find: Find = (path) => {
    if (!existsSync(join(root, path))) return undefined
    return path.endsWith('.md') && statSync(join(root, path)).isFile() ? read(path) : true
  }
  const run = filesRun(root)
  const linked = new Set(
    pages.flatMap((path) => linksOf(path, read(path) ?? '').filter(({ file }) => file !== path)).map(({ file }) => file),
  )
  return pages.flatMap((path) => {
    const page = read(path)
    if (page === undefined) return []
    const checked = checkPage(page, read)
    if (write && checked.refreshed !== page) writeFileSync(join(root, path), checked.refreshed)
    const { problems, sources } = write ? checkPage(checked.refreshed, read) : checked
    return [
      ...[...problems, ...checkLinks(path, page, find)].map(({ line, message }) => `${path}:${line} ${message}`),
      ...(path.startsWith('docs/') && !linked.has(path) ? [`${path} is found by nobody: link to it, in docs/README.md.`] : []),
      ...sources
        .filter((source) => !isRun(source, run))
        .map((source) => `${path} ${source} is run by no test: import it from a *.test.ts in ${samplesFolder}.`),
    ]
  })
}

/** Sources of packages and apps are run by their own tests; a sample must be a test itself, or be imported by one. */
const isRun = (source: string, run: ReadonlySet<string>): boolean =>
  /^(packages|apps)\/[^/]+\/src\//.test(source) || run.has(source)

function filesRun(root: string): ReadonlySet<string> {
  const pending = filesBelow(root, samplesFolder, /\.test\.ts$/)
  const run = new Set<string>()
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (run.has(path) || !existsSync(join(root, path))) continue
    run.add(path)
    for (const { specifier } of readSource(readFileSync(join(root, path), 'utf8'), path).imports) {
      if (specifier.startsWith('.')) pending.push(posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts')))
    }
  }
  return run
}
