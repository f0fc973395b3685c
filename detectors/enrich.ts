/** Enrichment of an event before it is stored: a function of the event, the inventory and the rule set, never of state or time. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AuditEvent } from '../schemas/event.ts'
import type { Enrichment } from '../schemas/row.ts'
import { statelessMatcher } from './engine/stateless.ts'
import { riskOfName, TOOL_RISKS, type ToolRisk } from './flows/tool-risk.ts'
import type { LoadedRules } from './loaded-rule.ts'
import { entryOf } from './table.ts'

/** Tools whose risk by name is remembered; an attacker who makes up names only makes it forget. */
const REMEMBERED_NAMES = 10_000

/** The inventory file: what an operator knows about servers. */
export const inventoryFile = z.strictObject({
  servers: z
    .record(
      z.string(),
      z.strictObject({
        owner: z.string().default('').describe('Team or person who answers for the server.'),
        environment: z.string().default('').describe('Such as production or test.'),
        tools: z
          .record(z.string(), z.enum(TOOL_RISKS))
          .default({})
          .describe('Risk class by tool; others are judged by their name.'),
      }),
    )
    .default({}),
})
export type InventoryFile = z.infer<typeof inventoryFile>
export interface Inventory extends InventoryFile {
  /** Version of the file; '' without one. */
  readonly hash: string
}
export const EMPTY_INVENTORY: Inventory = { servers: {}, hash: '' }
/** Read a parsed inventory file. Throws a ZodError that names the field. */
export function inventoryOf(parsed: unknown): Inventory {
  const file = inventoryFile.parse(parsed ?? {})
  return { ...file, hash: createHash('sha256').update(JSON.stringify(file)).digest('hex').slice(0, 32) }
}

/** Enrich with one version of rules and inventory: what the composition root hands to whoever makes rows. */
export function enricher(rules: LoadedRules, inventory: Inventory): (event: AuditEvent) => Enrichment {
  const matches = statelessMatcher(rules.rules)
  const risks = new Map<string, ToolRisk>()
  const riskOf = (tool: string): ToolRisk => {
    let risk = risks.get(tool)
    if (risk === undefined) {
      if (risks.size >= REMEMBERED_NAMES) risks.clear()
      risk = riskOfName(tool)
      risks.set(tool, risk)
    }
    return risk
  }
  return (event) => enrich(event, inventory, matches(event), rules.hash, riskOf)
}

/** `matchedRules` are the stateless rules that matched, `ruleSetHash` their version. Events without a tool have no risk class. */
export function enrich(
  event: AuditEvent,
  inventory: Inventory,
  matchedRules: readonly string[],
  ruleSetHash: string,
  riskOf = riskOfName,
): Enrichment {
  const known = entryOf(inventory.servers, event.serverId)
  const tool = event.toolName ?? ''
  const listed = known && entryOf(known.tools, tool)
  return {
    serverOwner: known?.owner ?? '',
    serverEnv: known?.environment ?? '',
    toolRisk: tool === '' ? '' : (listed ?? riskOf(tool)),
    inventoryHash: inventory.hash,
    matchedRules,
    ruleSetHash,
  }
}
