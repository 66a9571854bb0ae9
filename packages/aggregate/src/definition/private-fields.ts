import { codeOf } from './code-of.js'

/**
 * Whether a class has `#private` members. JavaScript can't be asked, so its source text is: `#name` occurs outside of texts, comments
 * and regular expressions only as a private member. Compilers for older targets leave their helpers' names instead.
 */
export function hasPrivateFields(classOrFunction: unknown): boolean {
  const source = Function.prototype.toString.call(classOrFunction)
  if (!source.startsWith('class')) return false
  return /#[\p{ID_Start}$_]|__classPrivate(Field|Method)|_class_private_(field|method)/u.test(codeOf(source))
}
