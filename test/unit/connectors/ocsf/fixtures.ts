// Schemas and events of OCSF beside the checkout: 1.8.0 is exact, 1.9.0 a reconstruction. Nothing of them is kept here.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import type { OcsfVersion } from '../../../../connectors/ocsf/vocabulary.ts'

const FOLDER = join(import.meta.dirname, '../../../../../shared/fixtures/ocsf')
export const hasFixtures = existsSync(FOLDER)
export const WHY_SKIPPED = hasFixtures ? '' : ' (skipped: ../shared/fixtures/ocsf is not here)'

const FOLDERS: Readonly<Record<OcsfVersion, string>> = { '1.8.0': '1.8.0', '1.9.0': '1.9.0-reconstructed' }
/** How a test names the schema, so that nobody reads more into it. */
export const called = (version: OcsfVersion): string =>
  version === '1.8.0' ? '1.8.0 (exact)' : '1.9.0 (reconstructed, not byte-proven)'
export const CLASS_NAMES: Readonly<Record<number, string>> = {
  2004: 'detection_finding',
  3002: 'authentication',
  6003: 'api_activity',
}
export const fixture = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, 'events', name), 'utf8'))

const validators = new Map<string, ValidateFunction>()
/** With the profiles security_control, host, ai_operation and trace. All classes share an `$id`, so each has an Ajv of its own. */
export function validatorOf(version: OcsfVersion, className: string): ValidateFunction {
  const file = join(FOLDER, FOLDERS[version], `${className}.core.schema.json`)
  const known = validators.get(file)
  if (known !== undefined) return known
  const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')) as object)
  validators.set(file, validate)
  return validate
}
/** Why the schema refuses the event; empty when it does not. */
export function schemaFaults(version: OcsfVersion, event: { readonly class_uid?: unknown }): string[] {
  const className = CLASS_NAMES[event.class_uid as number]
  if (className === undefined) return ['no such class']
  const validate = validatorOf(version, className)
  if (validate(event)) return []
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  )
}
