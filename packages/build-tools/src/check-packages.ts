import { join } from 'node:path'
import { checkPacked } from './check-packed.js'
import { createConsumer } from './consumer.js'
import { lintPacked } from './lint-packed.js'
import { withOwnDatabase } from './own-database.js'
import { pack, type Tarball } from './packed-package.js'
import { workspacePackages } from './workspace.js'

/** Tells what is being done, and runs it. */
export type Step = <T>(title: string, work: () => Promise<T>) => Promise<T>

/** The services that are installed as their authors' readers would write them; the first has a `main.ts` that prints what came of it. */
const services = ['docs/samples/wallets', 'docs/samples/getting-started'] as const
const printed = '{ ann: 70, bob: 30 }'

/**
 * Packs every public package, checks what is in it, and installs all of them in a project outside of the repository, where services
 * are compiled, tested and run.
 *
 * @param folder outside of the repository; it is the caller's to remove.
 * @returns what is wrong with the packages; the services are tried only when nothing is.
 * @throws Error with the output of the step that failed.
 */
export async function checkPackages(root: string, folder: string, step: Step): Promise<string[]> {
  const packages = workspacePackages(root).filter(({ folder, manifest }) => folder.startsWith('packages/') && !manifest.private)
  const tarballs = await step(`packing ${packages.length} packages`, () => pack(root, packages, join(folder, 'tarballs')))
  const problems = await step('checking what is in them', () => problemsOf(tarballs))
  if (problems.length > 0) return problems

  const consumer = createConsumer({ root, folder: join(folder, 'consumer'), tarballs, services })
  await step('installing them with npm, outside of the repository', () => consumer.install())
  await step('compiling services that use them', () => consumer.compile())
  await step('testing the services', () => consumer.test())
  await step('running a service on PostgreSQL, and again', async () => {
    const { DATABASE_URL } = process.env
    const runTwice = async (env?: NodeJS.ProcessEnv) => {
      // The second time, its commands have had their effect, and the events are those of the first.
      for (const _time of ['once', 'again']) refuseOther(await consumer.start(services[0], env))
    }
    if (DATABASE_URL) await withOwnDatabase(DATABASE_URL, (url) => runTwice({ DATABASE_URL: url }))
    else await runTwice()
  })
  await step('requiring every entry from CommonJS', () => consumer.require())
  return []
}

async function problemsOf(tarballs: readonly Tarball[]): Promise<string[]> {
  const manifests = new Map(tarballs.map(({ manifest }) => [manifest.name, manifest]))
  const problems: string[] = []
  for (const tarball of tarballs) {
    const found = [...checkPacked(tarball, manifests), ...(await lintPacked(tarball))]
    problems.push(...found.map((problem) => `${tarball.manifest.name}: ${problem}`))
  }
  return problems
}

function refuseOther(output: string): void {
  if (output.trim() !== printed) throw new Error(`The service should have printed ${printed}, and printed:\n${output}`)
}
