/** Where a server lives, by the audiences it answers to: a token sent there stays at home, and elsewhere it is passed on. */
import { isAnySame } from './audience.ts'

export type OwnPlaces = { audiences: string[] }
export const noPlaces = (): OwnPlaces => ({ audiences: [] })
const MAX_AUDIENCES = 8
/** Longer ones are not kept: the cell stays below 4 KB. */
const MAX_CHARS = 256

export function noteOwn(e: { readonly expectedAud: readonly string[] }, own: OwnPlaces): void {
  // Nearly every token of a server expects what is known.
  if (e.expectedAud.every((audience) => own.audiences.includes(audience))) return
  const short = e.expectedAud.filter((audience) => audience.length <= MAX_CHARS)
  own.audiences = [...new Set([...own.audiences, ...short])].slice(0, MAX_AUDIENCES)
}

const hostOf = (audience: string): string => (URL.canParse(audience) ? new URL(audience).hostname : '')
/** More are not looked at: a token may name very many. */
const MAX_LOOKED_AT = 64
/** One of the audiences is a URL of this host. */
export const namesHost = (audiences: readonly string[], host: string): boolean =>
  audiences.slice(0, MAX_LOOKED_AT).some((audience) => hostOf(audience) === host)

export interface Outbound {
  readonly server: string
  readonly destinationHost: string
  readonly credentialRelation: string
  readonly sentAud: readonly string[]
  readonly pathClass: string
  readonly ipClass: string
  tagsOf(kind: 'destinations', name: string): readonly string[]
}
export interface OwnOptions {
  readonly ownHosts: readonly string[]
  readonly exemptPaths: readonly string[]
  readonly exemptTags: readonly string[]
}
/** The destination belongs to this server. */
export const isOwnHost = (e: Outbound, host: string, own: OwnPlaces, options: OwnOptions): boolean =>
  host === e.server ||
  options.ownHosts.includes(host) ||
  namesHost(own.audiences, host) ||
  e.tagsOf('destinations', host).some((tag) => options.exemptTags.includes(tag))

/** How a token of the caller leaves: '' it does not, `same` the very one, `ours` another one that is for this server. */
export function passedOn(e: Outbound, own: OwnPlaces, options: OwnOptions): '' | 'same' | 'ours' {
  if (options.exemptPaths.includes(e.pathClass)) return ''
  if (e.credentialRelation === 'same_token') return 'same'
  return isAnySame(e.sentAud, own.audiences) ? 'ours' : ''
}
