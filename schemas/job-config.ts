/** Configuration of the jobs: when they run, and the systems outside that some of them ask. */
import { z } from 'zod'
import { secret } from './secret-reference.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and hyphens')
const schedule = z.string().min(1).max(100)
/** What every system outside has. */
const outside = {
  name: name.describe('Name; its job is named after it.'),
  tenant: z.string().min(1).default('default').describe('Tenant of what is learnt there.'),
  allowPrivate: z.boolean().default(false).describe('It may have a loopback or private address, and plain http.'),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), secret)
    .default({})
    .describe('Headers to send, as secrets.'),
  timeoutMs: z.int().min(1_000).max(600_000).default(30_000).describe('Longest time of one run, milliseconds.'),
}

export const jobSettings = z
  .record(
    name,
    z.strictObject({
      schedule: schedule.optional().describe('Five fields of cron, UTC.'),
      enabled: z.boolean().default(true).describe('False: it only runs when a person says so.'),
    }),
  )
  .default({})
  .describe('When jobs run, by name; `mcp-auditd jobs list` names them.')

export const probe = z
  .strictObject({
    ...outside,
    server: z.string().min(1).max(256).optional().describe('Server id of its events; its name when absent.'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Streamable HTTP endpoint.'),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Program and arguments of a stdio server; no shell.'),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), secret)
      .default({})
      .describe('Variables of that program, as secrets.'),
    schedule: schedule.default('*/30 * * * *').describe('Five fields of cron, UTC.'),
  })
  .refine(({ url, command }) => (url === undefined) !== (command === undefined), 'must have either url or command')
export type ProbeConfig = z.infer<typeof probe>

export const inventorySource = z.strictObject({
  ...outside,
  kind: z
    .enum(['file', 'url', 'mcp-registry'])
    .describe(
      'file, url: facts as `ingest` takes them, or a list of names. mcp-registry: the registry API, v0.1/servers, also of API Center.',
    ),
  path: z.string().default('').describe('The file; YAML or JSON.'),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where it is fetched; of a registry the part before /v0.1/servers.'),
  inventoryKind: z
    .enum(['servers', 'clients', 'destinations', 'tools', 'principals'])
    .default('servers')
    .describe('What a plain list of names lists.'),
  server: z.string().min(1).max(256).default('*').describe('Server the facts are about; *: all of the tenant.'),
  complete: z.boolean().default(false).describe('What is not listed is not approved.'),
  schedule: schedule.default('10 * * * *').describe('Five fields of cron, UTC.'),
})
export type InventorySource = z.infer<typeof inventorySource>

export const threatFeed = z.strictObject({
  ...outside,
  kind: z
    .enum(['stix-file', 'stix-url', 'taxii'])
    .describe('A STIX 2.1 bundle in a file or at a URL, or a TAXII 2.1 collection.'),
  path: z.string().default('').describe('The file.'),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The bundle, or the collection: …/collections/ID.'),
  minimumConfidence: z.int().min(0).max(100).default(0).describe('Indicators below it are left out.'),
  defaultConfidence: z.int().min(0).max(100).default(50).describe('For indicators that state none.'),
  schedule: schedule.default('20 * * * *').describe('Five fields of cron, UTC.'),
})
export type ThreatFeed = z.infer<typeof threatFeed>

const ofItsOwnName = <One extends { readonly name: string }>(list: readonly One[]): boolean =>
  new Set(list.map((one) => one.name)).size === list.length
const UNIQUE = 'must have names of their own'

export const probes = z
  .array(probe)
  .max(500)
  .refine(ofItsOwnName, UNIQUE)
  .default([])
  .describe('Servers that others host: their definitions are listed on schedule; nothing is ever called.')
export const inventorySources = z
  .array(inventorySource)
  .max(100)
  .refine(ofItsOwnName, UNIQUE)
  .default([])
  .describe('Where inventories are read from on schedule.')
export const threatIntel = z
  .array(threatFeed)
  .max(100)
  .refine(ofItsOwnName, UNIQUE)
  .default([])
  .describe('Feeds of indicators.')
export const digest = z
  .strictObject({
    targets: z.array(z.string()).default([]).describe('Names of targets that get it; empty: none is made.'),
    schedule: schedule.default('0 7 * * *').describe('Five fields of cron, UTC.'),
    days: z.int().min(1).max(31).default(1).describe('Days it looks back; 7 with a weekly schedule.'),
    tenant: z.string().default('').describe('This tenant alone; empty: all.'),
  })
  .prefault({})
  .describe('A summary of alerts, blind spots and losses.')
