/** `schemas`: the JSON Schemas of everything that crosses a border. */
import type { Command } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { jsonSchema, SCHEMA_NAMES } from '../../schemas/json-schema.ts'

export default function configure(command: Command): void {
  command
    .description(`print the JSON Schemas: ${SCHEMA_NAMES.join(', ')}`)
    .argument('[name]', 'one of them; all when absent')
    .action((name: string | undefined) => {
      const known = SCHEMA_NAMES.find((one) => one === name)
      if (name !== undefined && known === undefined)
        throw new AuditdError('usage', 'schemas', name, `must be one of ${SCHEMA_NAMES.join(', ')}`)
      const answer =
        known === undefined ? Object.fromEntries(SCHEMA_NAMES.map((one) => [one, jsonSchema(one)])) : jsonSchema(known)
      process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    })
}
