/** Puts audibleSource between Node and the sources it loads: ES modules through module hooks, CommonJS through its own compile step. */
import * as module from 'node:module'
import type * as Thread from './register-thread.ts'
import { audibleSource } from './sdk-source.ts'

type Load = NonNullable<Parameters<typeof module.registerHooks>[0]['load']>
type CommonJs = { _compile(this: unknown, content: string, filename: string, ...rest: unknown[]): unknown }

/** Hooks in the thread of the program, once they were without known faults; before that they run in a thread of their own. */
function hasSyncHooks(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return (
    typeof module.registerHooks === 'function' &&
    (major > 25 || (major === 25 && minor >= 1) || (major === 24 && minor >= 13))
  )
}

/** Only text that is about to run as an ES module; what Node answers for everything else goes on untouched. */
export function audible<T extends { readonly format?: unknown; readonly source?: unknown }>(loaded: T, url: string): T {
  const { format, source } = loaded
  if (format !== 'module' || source === null || source === undefined) return loaded
  try {
    const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8')
    const changed = audibleSource(text, url)
    return changed === undefined ? loaded : { ...loaded, source: changed }
  } catch {
    return loaded
  }
}

const load: Load = (url, context, nextLoad) => audible(nextLoad(url, context), url)

export function hookSources(): void {
  if (hasSyncHooks()) module.registerHooks({ load })
  else module.register<typeof Thread>(import.meta.url.replace(/register-hooks(\.\w+)$/, 'register-thread$1'))
  const commonJs = (module as unknown as { Module: { prototype: CommonJs } }).Module.prototype
  const compile = commonJs._compile
  commonJs._compile = function compileAudible(content, filename, ...rest) {
    let changed: string | undefined
    try {
      changed = audibleSource(content, filename)
    } catch {
      // Then as it is.
    }
    return compile.call(this, changed ?? content, filename, ...rest)
  }
}
