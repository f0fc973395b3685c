/**
 * The numbers of OCSF that we use, with the captions that their sibling attributes must carry. Names and captions are of the Open
 * Cybersecurity Schema Framework (Apache-2.0).
 */
export const OCSF_VERSIONS = ['1.8.0', '1.9.0'] as const
export type OcsfVersion = (typeof OCSF_VERSIONS)[number]
/** Of 1.8.0 the exact schema is at hand, and outputs are validated against it; of 1.9.0 only a reconstruction. */
export const DEFAULT_OCSF_VERSION: OcsfVersion = '1.8.0'

export const UNKNOWN = 0
export const OTHER = 99

export interface OcsfClass {
  readonly uid: number
  readonly name: string
  readonly categoryUid: number
  readonly categoryName: string
  /** Captions of `activity_id`; that of 99 is told in `activity_name` by us. */
  readonly activities: Readonly<Record<number, string>>
  /** Captions of `status_id`. */
  readonly statuses: Readonly<Record<number, string>>
}
const OUTCOMES = { 0: 'Unknown', 1: 'Success', 2: 'Failure' } as const

export const DETECTION_FINDING: OcsfClass = {
  uid: 2004,
  name: 'Detection Finding',
  categoryUid: 2,
  categoryName: 'Findings',
  activities: { 0: 'Unknown', 1: 'Create', 2: 'Update', 3: 'Close' },
  statuses: { 0: 'Unknown', 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved', 5: 'Archived', 6: 'Deleted' },
}
export const API_ACTIVITY: OcsfClass = {
  uid: 6003,
  name: 'API Activity',
  categoryUid: 6,
  categoryName: 'Application Activity',
  activities: { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
  statuses: OUTCOMES,
}
export const AUTHENTICATION: OcsfClass = {
  uid: 3002,
  name: 'Authentication',
  categoryUid: 3,
  categoryName: 'Identity & Access Management',
  activities: { 0: 'Unknown', 1: 'Logon', 2: 'Logoff', 3: 'Authentication Ticket' },
  statuses: OUTCOMES,
}

/** An enumerated value and its caption, which stand beside each other in an event as `x_id` and `x`. */
export interface Value {
  readonly id: number
  readonly caption: string
}
const value = (id: number, caption: string): Value => ({ id, caption })

export const SEVERITY = {
  info: value(1, 'Informational'),
  low: value(2, 'Low'),
  medium: value(3, 'Medium'),
  high: value(4, 'High'),
  critical: value(5, 'Critical'),
} as const
export const CONFIDENCE = { low: value(1, 'Low'), medium: value(2, 'Medium'), high: value(3, 'High') } as const
export const ACTION = {
  unknown: value(0, 'Unknown'),
  allowed: value(1, 'Allowed'),
  denied: value(2, 'Denied'),
} as const
export const DISPOSITION = {
  allowed: value(1, 'Allowed'),
  blocked: value(2, 'Blocked'),
  challenge: value(23, 'Challenge'),
  error: value(27, 'Error'),
} as const
export const ANALYTIC = { rule: value(1, 'Rule'), statistical: value(3, 'Statistical') } as const
export const USER_TYPE = {
  unknown: value(0, 'Unknown'),
  user: value(1, 'User'),
  service: value(4, 'Service'),
  agent: value(99, 'AI Agent'),
} as const
export const OBSERVABLE = { hostname: value(1, 'Hostname'), resourceUid: value(10, 'Resource UID') } as const
export const AUTH_PROTOCOL = { oauth2: value(6, 'OAUTH 2.0') } as const
export const TOKEN_TYPE = { identity: value(3, 'Identity Token'), refresh: value(4, 'Refresh Token') } as const
export const AI_ROLE = { tool: value(3, 'Tool') } as const
/** Of `unmapped.ai_tool`, a draft of the OCSF project that no version has yet. */
export const AI_TOOL_TYPE = {
  tool: value(1, 'Tool'),
  resource: value(2, 'Resource'),
  prompt: value(3, 'Prompt'),
} as const
export const AI_TOOL_SOURCE_MCP = value(1, 'MCP')
export const AI_TOOL_TRANSPORTS: ReadonlyMap<unknown, Value> = new Map([
  ['stdio', value(1, 'stdio')],
  ['http', value(2, 'Streamable HTTP')],
  ['sse_legacy', value(3, 'HTTP+SSE')],
  ['inproc', value(99, 'in-process')],
])
export const HTTP_METHODS: ReadonlySet<string> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE'.split(' '),
)
