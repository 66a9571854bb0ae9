import { existsSync, readFileSync } from 'node:fs'
import { checkImports } from './check-imports.js'
import { linesWithHost } from './check-lockfile.js'

const root = process.cwd()
const lockfile = 'pnpm-lock.yaml'

const problems = checkImports(root).map(({ file, line, message, rule }) => `${file}:${line} ${rule}\n  ${message}`)
if (existsSync(lockfile)) {
  for (const line of linesWithHost(readFileSync(lockfile, 'utf8'))) {
    problems.push(
      `${lockfile}:${line} registry-host\n  Install with 'lockfileIncludeTarballUrl: false' and without a registry of your own in the lockfile.`,
    )
  }
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error(`\n${problems.length} to mend.`)
  process.exitCode = 1
} else {
  console.log('Imports point one way, dependencies are declared, and the lockfile names no host.')
}
