import { checkPackage } from '@arethetypeswrong/core'
import { filterProblems, problemKindInfo } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import type { Tarball } from './packed-package.js'

/** What publint and are-the-types-wrong have to say about a package that is made of ES modules only. */
export async function lintPacked(tarball: Tarball): Promise<string[]> {
  return [...(await publintMessages(tarball)), ...(await typeProblems(tarball))]
}

async function publintMessages({ data, manifest }: Tarball): Promise<string[]> {
  const { messages } = await publint({ pack: { tarball: data.buffer }, strict: true })
  return messages.map((message) => `publint: ${formatMessage(message, { ...manifest }, { color: false }) ?? message.code}`)
}

/** The profile `esm-only`: what only the old resolution of Node 10 and `require` without ES modules could not find is no problem. */
async function typeProblems({ content }: Tarball): Promise<string[]> {
  const analysis = await checkPackage(content)
  if (!analysis.types) return ['are-the-types-wrong: it has no types.']
  const problems = (['node16-esm', 'bundler'] as const).flatMap((resolutionKind) => filterProblems(analysis, { resolutionKind }))
  const lines = problems.map((problem) => {
    const entry = 'entrypoint' in problem ? ` (${problem.entrypoint})` : ''
    return `are-the-types-wrong: ${problemKindInfo[problem.kind].shortDescription}${entry}`
  })
  return [...new Set(lines)]
}
