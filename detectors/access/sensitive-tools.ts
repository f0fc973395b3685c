/** Which tools matter most: what people say of them in the inventory first, then their names. */
import { riskOfName } from '../flows/tool-risk.ts'

const SENSITIVE = new Set(['sensitive', 'high_risk', 'crown_jewel'])
const HARMLESS = new Set(['public', 'low_risk'])
/** Words of names that stand for more than reading, beside those of `riskOfName`. */
const GRAVE =
  /(^|[^a-z])(deploy|prod|production|admin|pay|payment|transfer|refund|payout|secret|credential|iam|role)s?([^a-z]|$)/

interface Tagged {
  tagsOf(kind: 'tools', name: string): readonly string[]
}
/** The inventory says so. */
export const isTaggedSensitive = (e: Tagged, tool: string): boolean =>
  e.tagsOf('tools', tool).some((tag) => SENSITIVE.has(tag))

/** The inventory says so, or says nothing and the name does. */
export function isHighRiskTool(e: Tagged, tool: string): boolean {
  const tags = e.tagsOf('tools', tool)
  if (tags.some((tag) => SENSITIVE.has(tag))) return true
  return !tags.some((tag) => HARMLESS.has(tag)) && isGraveName(tool)
}

export function isGraveName(tool: string): boolean {
  const risk = riskOfName(tool)
  if (risk === 'destructive' || risk === 'exec') return true
  return GRAVE.test(tool.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase())
}
