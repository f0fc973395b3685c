/** Tools under alert: for a while their producers are asked to keep the redacted texts of calls and results. */
import type { Alert } from '../schemas/alert.ts'
import type { Config } from '../schemas/config.ts'
import { type EvidenceRequest, MAX_EVIDENCE_REQUESTS } from '../schemas/evidence.ts'
import { severityRank } from '../schemas/finding.ts'
import type { Caller, Clock } from '../schemas/ports.ts'

interface UnderAlert {
  readonly tenant: string
  readonly serverId: string
  readonly toolName: string
  readonly untilMs: number
}
const MAX_TOOLS = 1_024

export interface EvidenceList {
  /** An alert that names a tool puts it under evidence, when it is severe enough. */
  mark(alert: Alert): void
  /** What to ask this caller for: its own tenant and servers only. */
  requestsFor(caller: Caller): readonly EvidenceRequest[]
}

/** Kept in memory: after a restart the next alert asks again. */
export function createEvidenceList({ lastingMs, minimumSeverity }: Config['evidence'], clock: Clock): EvidenceList {
  const tools = new Map<string, UnderAlert>()
  return {
    mark({ tenant, serverId, toolName, severity }) {
      if (lastingMs === 0 || toolName === '' || severityRank(severity) < severityRank(minimumSeverity)) return
      const key = JSON.stringify([tenant, serverId, toolName])
      // Set anew, so that the one longest without an alert goes first.
      tools.delete(key)
      tools.set(key, { tenant, serverId, toolName, untilMs: clock.nowMs() + lastingMs })
      if (tools.size > MAX_TOOLS) tools.delete(tools.keys().next().value!)
    },
    requestsFor({ tenant, servers }) {
      if (tools.size === 0) return []
      const nowMs = clock.nowMs()
      const requests: EvidenceRequest[] = []
      for (const [key, under] of tools) {
        if (under.untilMs <= nowMs) tools.delete(key)
        else if (under.tenant === tenant && (servers === undefined || servers.includes(under.serverId)))
          requests.push({
            serverId: under.serverId,
            toolName: under.toolName,
            lastingMs: Math.min(under.untilMs - nowMs, 24 * 3_600_000),
          })
      }
      return requests.slice(-MAX_EVIDENCE_REQUESTS)
    },
  }
}
