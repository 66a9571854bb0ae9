import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackages, type Step } from './check-packages.js'

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'writ-packages-'))
const isKept = process.argv.includes('--keep')

const step: Step = async (title, work) => {
  const begin = performance.now()
  process.stdout.write(`${title} … `)
  try {
    const done = await work()
    process.stdout.write(`${((performance.now() - begin) / 1000).toFixed(1)} s\n`)
    return done
  } catch (error) {
    process.stdout.write('failed\n')
    throw new Error(`While ${title}:\n${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

try {
  const problems = await checkPackages(process.cwd(), folder, step)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) {
    console.error(`\n${problems.length} to mend.`)
    process.exitCode = 1
  } else console.log('Every package installs outside of the repository, and a service made with them runs.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  if (isKept) console.log(`What was made is in ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
