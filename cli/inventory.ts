/** The inventory file: owners, environments and tool risks of servers, as an operator knows them. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { ZodError } from 'zod'
import { EMPTY_INVENTORY, type Inventory, inventoryOf } from '../detectors/enrich.ts'
import { AuditdError } from '../schemas/errors.ts'

/** Throws AuditdError('config_invalid') that names the field; without a file nothing is known of any server. */
export function loadInventory(file: string): Inventory {
  if (file === '') return EMPTY_INVENTORY
  try {
    return inventoryOf(parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const issue = error instanceof ZodError ? error.issues[0] : undefined
    throw new AuditdError(
      'config_invalid',
      'inventory',
      issue?.path.join('.') || file,
      issue?.message ?? 'cannot be read',
      error,
    )
  }
}
