/** What a collector asks a producer for in its answers: more of a tool that is under alert. The producer may have opted out. */
import { z } from 'zod'
import { characters, LIMITS } from './field.ts'

/** Header of an answer to OTLP logs: percent-encoded JSON, a list of requests. */
export const EVIDENCE_HEADER = 'mcp-audit-evidence'
export const MAX_EVIDENCE_REQUESTS = 16

export const evidenceRequest = z.object({
  serverId: characters(LIMITS.nameChars),
  toolName: characters(LIMITS.nameChars),
  /** How much longer, ms: clocks of the two need not agree. */
  lastingMs: z
    .int()
    .min(0)
    .max(24 * 3_600_000),
})
export type EvidenceRequest = z.infer<typeof evidenceRequest>
export const evidenceRequests = z.array(evidenceRequest).max(MAX_EVIDENCE_REQUESTS)
