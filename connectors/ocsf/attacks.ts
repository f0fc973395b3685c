/** Techniques of ATT&CK and ATLAS as OCSF `attack` objects, which hold both. */
import { ATTACK_VERSION, techniqueOf } from '../../schemas/references.ts'
import type { Attributes } from './event.ts'

/** Ids that are no techniques, such as OWASP’s and RFCs, are left out. */
export const attacksOf = (refs: readonly string[]): readonly Attributes[] =>
  [...new Set(refs)].flatMap((ref) => {
    const technique = techniqueOf(ref)
    if (technique === undefined) return []
    const { framework, id, name, parent } = technique
    const named = { uid: id, name, src_url: addressOf(framework, id) }
    const version = framework === 'attack' ? { version: ATTACK_VERSION } : {}
    if (parent === undefined) return [{ technique: named, ...version }]
    const whole = { uid: parent.id, name: parent.name, src_url: addressOf(framework, parent.id) }
    return [{ technique: whole, sub_technique: named, ...version }]
  })

const addressOf = (framework: 'attack' | 'atlas', id: string): string =>
  framework === 'attack'
    ? `https://attack.mitre.org/techniques/${id.replace('.', '/')}`
    : `https://atlas.mitre.org/techniques/${id}`
