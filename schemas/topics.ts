/** Kafka topics, their settings and the partition of an event. Partition counts are fixed: another count is a new topic and a rebuild. */

export const TOPICS = {
  events: {
    topic: 'mcp.audit.events',
    config: { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '604800000' },
  },
  findings: { topic: 'mcp.audit.findings', config: { 'retention.ms': '2592000000' } },
  signals: { topic: 'mcp.audit.signals', config: { 'retention.ms': '604800000' } },
  state: { topic: 'mcp.audit.state', config: { 'cleanup.policy': 'compact' } },
  alerts: { topic: 'mcp.audit.alerts', config: { 'cleanup.policy': 'compact' } },
  /** Which replica runs the jobs, and what they remember: one partition, so one owner. */
  jobs: { topic: 'mcp.audit.jobs', partitions: 1, config: { 'cleanup.policy': 'compact' } },
  deadLetters: { topic: 'mcp.audit.deadletters', config: { 'retention.ms': '2592000000' } },
} as const
export const DEFAULT_PARTITIONS = 6
/** The server of facts that concern every server of a tenant: they lie in every partition, and belong to the one this name maps to. */
export const EVERY_SERVER = '*'

/** FNV-1a over UTF-16 code units of `tenant NUL server`: small, stable in every runtime, the same in every producer. */
export function partitionOf(tenant: string, serverId: string, partitions: number): number {
  let hash = 0x811c9dc5
  const key = `${tenant}\u0000${serverId}`
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % partitions
}

/** Headers of a record on `mcp.audit.events`. */
export const HEADERS = {
  contentType: 'content-type',
  schema: 'mcp-audit-schema',
  /** `collect` for records whose receivedAt and tenant were set by a collect role; else the producer wrote it straight. */
  writer: 'mcp-audit-writer',
  keyId: 'mcp-audit-key',
  mac: 'mcp-audit-mac',
  /** SHA-256 of the value: kafkajs does not check record CRCs. */
  digest: 'mcp-audit-digest',
} as const

/** The partition of signals of a key. */
export const partitionOfKey = (tenant: string, scope: string, key: string, partitions: number): number =>
  partitionOf(tenant, `${scope}\u0000${key}`, partitions)
