/** Addresses that a server publishes or hands to a person, by what its producer found wrong with them. */
import type { Match } from '../rule.ts'

export interface UrlOptions {
  readonly productionTags: readonly string[]
}
interface Published {
  readonly server: string
  tagsOf(kind: 'servers', name: string): readonly string[]
}

/**
 * The worst of the flaws. Addresses inside a network are where many servers live, and loopback is where they are made: only a server
 * that is tagged as production should name neither.
 */
export function judgeUrl(e: Published, flaws: readonly string[], what: string, options: UrlOptions): Match | undefined {
  const has = (flaw: string): boolean => flaws.includes(flaw)
  const isInside = has('private_address')
  const graded = (severity: 'critical' | 'high' | 'medium' | 'low', saw: string): Match => ({
    severity,
    saw: `${what} with ${saw}`,
    expected: 'public addresses, over https',
    evidence: { flaws },
  })
  if (has('javascript')) return graded('critical', 'a script, data or file in the place of an address')
  if (has('userinfo')) return graded('high', 'a name or password in its address')
  if (has('not_https'))
    return isInside ? graded('medium', 'plain http inside the network') : graded('high', 'plain http')
  if (has('punycode')) return graded('medium', 'a host in letters of other alphabets')
  const isNear = isInside || has('loopback_address')
  if (isNear && e.tagsOf('servers', e.server).some((tag) => options.productionTags.includes(tag)))
    return graded('medium', isInside ? 'an address inside the network' : 'loopback')
  if (isInside) return graded('low', 'an address inside the network')
  return has('unparsable') || has('too_long') ? graded('low', 'something that is no address') : undefined
}
