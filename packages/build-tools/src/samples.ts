/** Where a page says which compiled code a sample is: `<!-- sample: docs/samples/first.test.ts#decide -->`. */
const marker = /^\s*<!-- sample: (\S+?)(?:#(\S+))? -->\s*$/
const fence = /^(\s*)```\s*(\w*)/
const typescript = new Set(['ts', 'mts', 'cts', 'tsx', 'typescript'])
const regionStart = /^\s*\/\/ #region (\S+)\s*$/
const regionEnd = /^\s*\/\/ #endregion\b.*$/

export interface SampleProblem {
  /** Of the page, from 1. */
  readonly line: number
  readonly message: string
}

export interface CheckedPage {
  readonly problems: readonly SampleProblem[]
  /** The page with every sample as its region has it now. */
  readonly refreshed: string
  /** The files that its samples come from. */
  readonly sources: readonly string[]
}

/**
 * Compares the TypeScript samples of a Markdown page with the regions that they are copies of.
 *
 * @param readSource the text of a file, by its path from the root; undefined when there is none.
 */
export function checkPage(page: string, readSource: (path: string) => string | undefined): CheckedPage {
  const lines = page.split('\n')
  const problems: SampleProblem[] = []
  const refreshed: string[] = []
  const sources = new Set<string>()
  let marked: { path: string; region: string | undefined; line: number } | undefined
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const found = marker.exec(line)
    const opening = fence.exec(line)
    if (marked && !opening && line.trim() !== '') {
      problems.push({
        line: marked.line,
        message: 'No code follows this marker: put a ```ts fence after it, and run with --write.',
      })
      marked = undefined
    }
    refreshed.push(line)
    if (found) marked = { path: found[1] ?? '', region: found[2], line: index + 1 }
    if (!opening) continue
    const [, indent = '', language = ''] = opening
    const end = lines.findIndex((each, at) => at > index && each.trim() === '```')
    const body = lines.slice(index + 1, end < 0 ? undefined : end)
    let code = body
    if (end < 0) {
      problems.push({ line: index + 1, message: 'This fence is never closed.' })
    } else if (marked) {
      sources.add(marked.path)
      const source = readSource(marked.path)
      const current = source === undefined ? `${marked.path} does not exist.` : sampleOf(source, marked.region, marked.path)
      if (typeof current === 'string') {
        problems.push({ line: marked.line, message: current })
      } else {
        code = current.map((each) => (each === '' ? '' : indent + each))
        if (code.join('\n') !== body.join('\n')) {
          problems.push({
            line: index + 1,
            message: `This sample differs from ${marked.path}: change the code there, and refresh the page with --write.`,
          })
        }
      }
    } else if (typescript.has(language)) {
      problems.push({
        line: index + 1,
        message:
          'This sample is neither compiled nor run: make it a region of a file in docs/samples, and name that above the fence, <!-- sample: docs/samples/file.test.ts#region -->.',
      })
    }
    refreshed.push(...code)
    if (end >= 0) refreshed.push(lines[end] ?? '')
    index = end < 0 ? lines.length : end
    marked = undefined
  }
  return { problems, refreshed: refreshed.join('\n'), sources: [...sources] }
}

/** A region's lines, without its indentation and the marks of others; a problem when there is none of that name. */
function sampleOf(source: string, region: string | undefined, path: string): readonly string[] | string {
  const lines = source.split('\n')
  let first = 0
  let last = lines.length
  if (region !== undefined) {
    const starts = lines.flatMap((line, index) => (regionStart.exec(line)?.[1] === region ? [index] : []))
    if (starts.length !== 1) return `${path} has ${starts.length === 0 ? 'no' : 'more than one'} '// #region ${region}'.`
    first = (starts[0] ?? 0) + 1
    last = endOf(lines, first)
    if (last < 0) return `The region ${region} of ${path} is not closed: '// #endregion' is missing.`
  }
  return trimmed(lines.slice(first, last).filter((line) => !regionStart.test(line) && !regionEnd.test(line)))
}

function endOf(lines: readonly string[], first: number): number {
  let open = 1
  for (let index = first; index < lines.length; index++) {
    if (regionStart.test(lines[index] ?? '')) open++
    else if (regionEnd.test(lines[index] ?? '') && --open === 0) return index
  }
  return -1
}

function trimmed(lines: readonly string[]): readonly string[] {
  const filled = lines.flatMap((line, index) => (line.trim() === '' ? [] : [index]))
  const inside = lines.slice(filled[0] ?? 0, (filled.at(-1) ?? -1) + 1)
  const indent = Math.min(...inside.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length))
  return inside.map((line) => line.slice(indent).trimEnd())
}
