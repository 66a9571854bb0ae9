import { ImpureApplyError } from '../errors/apply-errors.js'
import { codeOf } from './code-of.js'

const impurities: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w$.]))|\bperformance\s*\.\s*now\b|\bhrtime\b/, 'looks at the clock'],
  [/\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b/, 'makes something up by chance'],
]

/**
 * A function for an event runs again at each load, years later: what it takes from elsewhere than the event would differ each time. Its own
 * source is looked at, so that this is found before anything starts; what it calls is not.
 *
 * @throws ImpureApplyError
 */
export function checkPure(aggregate: string, eventType: string, apply: unknown): void {
  if (typeof apply !== 'function') return
  const code = codeOf(Function.prototype.toString.call(apply))
  for (const [impurity, what] of impurities) if (impurity.test(code)) throw new ImpureApplyError(aggregate, eventType, what)
}
