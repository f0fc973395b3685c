/** The version that a person means: by its hash, by the beginning of it, or by a time at which it was in force. */
import { AuditdError } from '../../schemas/errors.ts'
import type { Version } from './versions.ts'

const wrong = (what: string, reason: string): AuditdError => new AuditdError('usage', 'definitions', what, reason)
const HASH = /^[0-9a-f]{6,64}$/

/** All of one tool of one server; throws AuditdError('usage') when there are none, or several tenants have such a server. */
export function ofOneTool(versions: readonly Version[], server: string, tool: string): readonly Version[] {
  if (versions.length === 0) throw wrong(tool, `no list of ${server} told of such a tool`)
  const tenants = new Set(versions.map(({ tenant }) => tenant))
  if (tenants.size > 1) throw wrong('--tenant', `${[...tenants].join(', ')} each have such a server`)
  return versions
}

/** `versions`: of one tool, the oldest first. A time means the version that was first seen last before it. */
export function chosen(versions: readonly Version[], which: string): Version {
  if (HASH.test(which)) {
    const found = versions.filter(({ hash }) => hash.startsWith(which))
    if (found.length === 1) return found[0]!
    throw wrong(
      which,
      found.length === 0 ? 'no version of the tool has this hash' : 'is the beginning of several hashes',
    )
  }
  const atMs = Date.parse(which)
  if (Number.isNaN(atMs)) throw wrong(which, 'is neither a hash of at least six characters nor a time')
  const found = versions.filter(({ firstSeen }) => Date.parse(firstSeen) <= atMs).at(-1)
  if (found === undefined) throw wrong(which, 'nobody had seen the tool then')
  return found
}

/** Without words of the person: the version in force, and the one before it. */
export function lastChange(versions: readonly Version[]): readonly [before: Version, after: Version] {
  const after = versions.filter(({ inForce }) => inForce).at(-1) ?? versions.at(-1)!
  const before = versions[versions.indexOf(after) - 1]
  if (before === undefined) throw wrong(after.tool, 'has one version only: there is nothing to compare')
  return [before, after]
}
