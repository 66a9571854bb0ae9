import { posix } from 'node:path'
import type { SampleProblem } from './samples.js'

const fences = /^(\s*)```[\s\S]*?^\s*```\s*$/gm
const codeSpan = /`[^`\n]*`/g
const link = /\]\(([^)\s]+)\)/g
const heading = /^#+ (.+)$/gm
const part = /<!-- sample: (\S+?)#\S+ -->/g

/** What a link may lead to: a page's text, `true` for any other file or folder, undefined for nothing. */
export type Find = (path: string) => string | true | undefined

/**
 * Follows the links of a Markdown page to other files and to headings; addresses on the web are not asked for.
 *
 * A guide that shows parts of a sample must link to the whole of it: there are its imports.
 *
 * @param path of the page, from the root.
 */
export function checkLinks(path: string, page: string, find: Find): SampleProblem[] {
  const problems: SampleProblem[] = []
  const targets = new Set<string>()
  for (const { target, file, anchor, index } of linksOf(path, page)) {
    targets.add(file)
    const message = whyNowhere(target, file === path ? page : find(file), anchor)
    if (message !== undefined) problems.push({ line: lineOf(page, index), message })
  }
  if (!path.startsWith('docs/')) return problems
  const shown = new Map([...page.matchAll(part)].map(({ 1: source = '', index }) => [source, index] as const))
  for (const [source, index] of shown) {
    if (targets.has(source)) continue
    const way = posix.relative(posix.dirname(path), source)
    problems.push({
      line: lineOf(page, index),
      message: `Parts of ${source} are shown, and nothing leads to the whole: link to it, [${posix.basename(source)}](${way}).`,
    })
  }
  return problems
}

interface Link {
  /** As it is written. */
  readonly target: string
  /** From the root. */
  readonly file: string
  readonly anchor: string | undefined
  readonly index: number
}

/** The links of a page to other files, and to itself. */
export function linksOf(path: string, page: string): Link[] {
  const text = page.replace(fences, blank).replace(codeSpan, blank)
  return [...text.matchAll(link)].flatMap(({ 1: target = '', index }) => {
    if (/^[a-z]+:/.test(target)) return []
    const [file = '', anchor] = target.split('#')
    return [{ target, file: file === '' ? path : posix.join(posix.dirname(path), file), anchor, index }]
  })
}

function whyNowhere(target: string, found: string | true | undefined, anchor: string | undefined): string | undefined {
  if (found === undefined) return `The link ${target} leads to no file.`
  if (anchor === undefined || found === true || headingsOf(found).has(anchor)) return undefined
  return `The link ${target} leads to no heading of that page.`
}

/** As GitHub makes anchors of headings; of two that are equal, the second ends in -1. */
function headingsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const { 1: title = '' } of page.replace(fences, blank).matchAll(heading)) {
    const words = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** As long as before, line by line, so that places stay what they are. */
const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length
