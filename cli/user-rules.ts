/** Rules of the operator: TypeScript files in a folder of theirs, which import our contract by name and are read anew when they change. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LoadOptions, UserFolder } from '../detectors/load.ts'
import type { Config } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'

/** What a rule may import by name, whatever lies beside it; the ending is that of the build this runs from. */
const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const CONTRACT: Readonly<Record<string, string>> = {
  'mcp-auditd/rule': new URL(`../detectors/rule.${ENDING}`, import.meta.url).href,
  'mcp-auditd/sample': new URL(`../detectors/sample.${ENDING}`, import.meta.url).href,
  zod: import.meta.resolve('zod'),
}
const SOURCE = /(?<!\.d)\.[jt]s$/
/** Folders whose modules are resolved by us, with the version of their files. */
const folders = new Map<string, string>()
let hooked = false

/** The folder as the loader takes it. Throws AuditdError('config_invalid') when it cannot be read. */
export function userFolderAt(path: string): UserFolder {
  const hash = createHash('sha256')
  let real: string
  try {
    real = realpathSync(path)
    for (const file of readdirSync(real, { recursive: true, encoding: 'utf8' }).sort())
      if (SOURCE.test(file)) hash.update(JSON.stringify([file, readFileSync(join(real, file), 'utf8')]))
  } catch (error) {
    throw new AuditdError(
      'config_invalid',
      'configuration',
      'rulesFolder',
      `${path} is no folder that can be read`,
      error,
    )
  }
  const version = hash.digest('hex').slice(0, 32)
  folders.set(`${pathToFileURL(real).href}/`, version)
  hook()
  return { path: real, version }
}

/** What the configuration says of rules. */
export const configuredRules = (settings: Config): LoadOptions => ({
  config: settings.rules,
  modes: settings.ruleModes,
  suppressions: settings.suppressions,
  ...(settings.rulesFolder !== '' && { userFolder: userFolderAt(resolve(settings.rulesFolder)) }),
})

function hook(): void {
  if (hooked) return
  hooked = true
  registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL ?? ''
      const folder = [...folders.keys()].find((url) => parent.startsWith(url))
      if (folder === undefined) return next(specifier, context)
      const ours = Object.hasOwn(CONTRACT, specifier) ? CONTRACT[specifier] : undefined
      if (ours !== undefined) return next(ours, context)
      const resolved = next(specifier, context)
      // A module of theirs is another one when any file of the folder has changed.
      return resolved.url.startsWith(folder) && !resolved.url.includes('?')
        ? { ...resolved, url: `${resolved.url}?v=${folders.get(folder)}` }
        : resolved
    },
  })
}
