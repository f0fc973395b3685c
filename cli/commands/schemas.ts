/** `schemas`: the JSON Schemas of everything that crosses a border. */
import type { Command } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { jsonSchemas } from '../../schemas/json-schema.ts'

export default function configure(command: Command): void {
  command
    .description('print the JSON Schemas: AuditEvent, Finding, Alert, Signal, Config')
    .argument('[name]', 'one of them')
    .action((name: string | undefined) => {
      const all = jsonSchemas() as Readonly<Record<string, unknown>>
      if (name !== undefined && !(name in all))
        throw new AuditdError('usage', 'schemas', name, `must be one of ${Object.keys(all).join(', ')}`)
      process.stdout.write(`${JSON.stringify(name === undefined ? all : all[name], null, 2)}\n`)
    })
}
