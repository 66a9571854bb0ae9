import { type ParserPlugin, parse } from '@babel/parser'
import type { File, Node } from '@babel/types'

export interface Import {
  readonly specifier: string
  readonly line: number
  /** Gone after compilation: it can't make a cycle that runs. */
  readonly typeOnly: boolean
}

export interface AmbientUse {
  /** As a reader knows it: `Date.now`, `setTimeout`, `node:crypto`. */
  readonly what: string
  readonly line: number
}

export interface SourceFile {
  readonly imports: readonly Import[]
  /** Where the file takes time, timers or randomness from its surroundings. */
  readonly ambient: readonly AmbientUse[]
}

/** Reads what a TypeScript or JavaScript file imports and takes from its surroundings. Never runs it. */
export function readSource(text: string, path: string): SourceFile {
  const imports: Import[] = []
  const ambient: AmbientUse[] = []
  walk(parseSource(text, path).program, undefined, '', (node, parent, key) => {
    const found = importOf(node)
    if (found) imports.push(found)
    const taken =
      found && !found.typeOnly && ambientModules.has(found.specifier) ? found.specifier : ambientUseOf(node, parent, key)
    if (taken) ambient.push({ what: taken, line: lineOf(node) })
  })
  return { imports, ambient }
}

function parseSource(text: string, path: string): File {
  const plugins: ParserPlugin[] = ['typescript', 'decorators-legacy']
  if (/[jt]sx$/.test(path)) plugins.push('jsx')
  try {
    return parse(text, { sourceType: 'module', plugins })
  } catch (error) {
    throw new Error(`${path} can't be parsed: ${(error as Error).message}`, { cause: error })
  }
}

type Visit = (node: Node, parent: Node | undefined, key: string) => void

function walk(node: Node, parent: Node | undefined, key: string, visit: Visit): void {
  visit(node, parent, key)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, node, name, visit)
    }
  }
}

// Comments are objects with a type, too, but they have no place in the tree.
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'loc' in value && !/^Comment/.test(String(value.type))

const lineOf = (node: Node): number => node.loc?.start.line ?? 0

function importOf(node: Node): Import | undefined {
  const line = lineOf(node)
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: node.source.value, line, typeOnly: node.importKind === 'type' }
    case 'ExportNamedDeclaration':
      return node.source ? { specifier: node.source.value, line, typeOnly: node.exportKind === 'type' } : undefined
    case 'ExportAllDeclaration':
      return { specifier: node.source.value, line, typeOnly: node.exportKind === 'type' }
    case 'TSExternalModuleReference':
      return { specifier: node.expression.value, line, typeOnly: false }
    case 'TSImportType':
      return { specifier: node.argument.value, line, typeOnly: true }
    case 'CallExpression': {
      const [argument] = node.arguments
      const loads = node.callee.type === 'Import' || (node.callee.type === 'Identifier' && node.callee.name === 'require')
      return loads && argument?.type === 'StringLiteral' ? { specifier: argument.value, line, typeOnly: false } : undefined
    }
    default:
      return undefined
  }
}

const ambientModules = new Set(['crypto', 'timers', 'timers/promises', 'perf_hooks'].flatMap((name) => [name, `node:${name}`]))
const ambientNames = new Set(['setTimeout', 'setInterval', 'crypto'])
const ambientMembers = new Set(['Date.now', 'Math.random', 'performance.now'])

function ambientUseOf(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type === 'NewExpression' && node.arguments.length === 0 && isNamed(node.callee, 'Date')) return 'new Date()'
  if (node.type === 'CallExpression' && isNamed(node.callee, 'Date')) return 'Date()'
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.property.type === 'Identifier') {
    const { object, property } = node
    if (object.name === 'globalThis' && ambientNames.has(property.name)) return property.name
    const member = `${object.name}.${property.name}`
    return ambientMembers.has(member) ? member : undefined
  }
  if (node.type === 'Identifier' && ambientNames.has(node.name) && isValue(parent, key)) return node.name
  return undefined
}

const isNamed = (node: Node, name: string): boolean => node.type === 'Identifier' && node.name === name

/** `crypto` in `crypto.subtle` is a value; in `runtime.crypto`, `{ crypto: 1 }` or a type it is only a name. */
function isValue(parent: Node | undefined, key: string): boolean {
  if (!parent) return false
  if (key === 'property') return 'computed' in parent && parent.computed === true
  if (key === 'key') return 'computed' in parent && parent.computed === true
  return !/^(TSTypeQuery|TSQualifiedName|TSTypeReference|TSMethodSignature|TSPropertySignature|ImportSpecifier)$/.test(
    parent.type,
  )
}
