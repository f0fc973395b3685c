/** Puts a watcher in front of a function of a Node module: same arguments, same result, same `this`, same properties. */
import { syncBuiltinESMExports } from 'node:module'

/** Before the original runs. `args` are the caller's own: they are read, never changed. */
export type Watcher = (args: readonly unknown[]) => void

const WATCHED = Symbol.for('mcp-auditd.watched')

/** Functions call each other: only the outermost is the server's own act. */
let depth = 0

/** Idempotent, also between two copies of this package. A method that this Node does not have is left out. */
export function watchFunction(owner: object, name: string, watcher: Watcher): void {
  const original = (owner as Record<string, unknown>)[name]
  if (typeof original !== 'function' || WATCHED in original) return
  const watched = function (this: unknown, ...args: unknown[]): unknown {
    try {
      if (depth === 0) watcher(args)
    } catch {
      // Told less, never broken.
    }
    depth++
    try {
      return Reflect.apply(original, this, args)
    } finally {
      depth--
    }
  }
  Object.defineProperties(watched, {
    ...Object.getOwnPropertyDescriptors(original),
    [WATCHED]: { value: true },
  })
  Object.defineProperty(owner, name, { configurable: true, enumerable: true, writable: true, value: watched })
}

/** `import { writeFile } from 'node:fs'` binds at link time: such bindings are told about what was replaced. */
export const publishReplaced = (): void => syncBuiltinESMExports()
