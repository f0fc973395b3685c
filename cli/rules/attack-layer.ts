/** The ATT&CK techniques that rules speak of, as a layer for the ATT&CK Navigator (layer format 4.5). */
import type { AnyRule } from '../../detectors/loaded-rule.ts'

const TECHNIQUE = /^T\d{4}(\.\d{3})?$/

/** The score of a technique is the number of its rules. */
export function attackLayer(rules: readonly AnyRule[]): unknown {
  const byTechnique = new Map<string, string[]>()
  for (const { id, refs } of rules)
    for (const ref of refs) if (TECHNIQUE.test(ref)) byTechnique.set(ref, [...(byTechnique.get(ref) ?? []), id])
  return {
    name: 'mcp-auditd',
    versions: { layer: '4.5', navigator: '5.1.0', attack: '19' },
    domain: 'enterprise-attack',
    description: 'Techniques that rules of mcp-auditd look for in the telemetry of MCP servers.',
    techniques: [...byTechnique].sort().map(([techniqueID, ids]) => ({
      techniqueID,
      score: ids.length,
      comment: ids.join(', '),
      enabled: true,
    })),
    gradient: { colors: ['#ffffff', '#1f77b4'], minValue: 0, maxValue: 10 },
  }
}
