import 'reflect-metadata'
import { type Class, thrownMessage } from '@writ/event-store'
import { Container, type ServiceIdentifier } from 'inversify'
import { UnresolvableClassError } from './errors.js'

/** One instance of everything an application; what a module binds itself has the scope that it asks for. */
export function newContainer(): Container {
  return new Container({ defaultScope: 'Singleton' })
}

/** Binds a listed class to itself, unless the module has bound it to something else (a double, in tests). */
export function bindListedClass(container: Container, listed: Class<object>): void {
  refuseForgottenConstructor(listed)
  const identifier = listed as ServiceIdentifier<object>
  if (container.isBound(identifier)) return
  try {
    container.bind(identifier).to(listed as new () => object)
  } catch (cause) {
    throw new UnresolvableClassError(listed.name, whyUnbound(listed, cause), [], cause)
  }
}

/** @throws UnresolvableClassError that names the class and what is missing, or prints the circle */
export function resolve(container: Container, listed: Class<object>): object {
  try {
    return container.get(listed as ServiceIdentifier<object>)
  } catch (cause) {
    const reason = thrownMessage(cause)
    const cycle = /^Circular dependency found: (.+)$/m.exec(reason)?.[1]?.split(' -> ') ?? []
    throw new UnresolvableClassError(
      listed.name,
      `${firstSentence(cause)}. Bind what is missing in the module's \`bindings\``,
      cycle,
      cause,
    )
  }
}

/** Binding a class reads its decorators: where its constructor wants something, what that is must stand there. */
function whyUnbound(listed: Class<object>, cause: unknown): string {
  if (listed.length === 0) return firstSentence(cause)
  const wanted = listed.length === 1 ? 'an argument' : `${listed.length} arguments`
  return `its constructor takes ${wanted}, and does not say of each what is to be injected; give each parameter an @inject(…)`
}

function firstSentence(error: unknown): string {
  const text = thrownMessage(error)
  return (text.split('\n')[0] ?? text).replace(/[.\s]+$/, '')
}

/**
 * Inversify gives a subclass without a constructor of its own `undefined` for all that its base wants injected, and says nothing.
 */
function refuseForgottenConstructor(listed: Class<object>): void {
  const base = Object.getPrototypeOf(listed) as Class<object> | null
  const wanted = typeof base === 'function' && base.prototype !== undefined ? base.length : 0
  if (wanted === 0 || listed.length > 0 || hasOwnConstructor(listed) || injectsFromBase(listed)) return
  throw new UnresolvableClassError(
    listed.name,
    `its base class ${base?.name} wants ${wanted} arguments injected, and ${listed.name} has no constructor that passes them on; ` +
      'give it one, or decorate it with @injectFromBase()',
    [],
    undefined,
  )
}

function hasOwnConstructor(listed: Class<object>): boolean {
  return /\bconstructor\s*\(/.test(Function.prototype.toString.call(listed))
}

function injectsFromBase(listed: Class<object>): boolean {
  const metadata = Reflect.getOwnMetadata('@inversifyjs/core/classMetadataReflectKey', listed) as
    | { constructorArguments?: unknown[] }
    | undefined
  return (metadata?.constructorArguments?.length ?? 0) > 0
}
