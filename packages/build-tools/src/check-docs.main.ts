import { checkDocs } from './check-docs.js'

const problems = checkDocs(process.cwd(), { write: process.argv.includes('--write') })
for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error(`\n${problems.length} to mend.`)
  process.exitCode = 1
} else console.log('Every TypeScript sample of the documentation is compiled and run, and every link leads somewhere.')
