/** Whether an issuer is one of those a server trusts, and what the two forms of Entra issuers say of tenant and version. */
import { remembered } from '../remembered.ts'
import { shortName } from '../short-name.ts'

/** Hosts of Entra issuers by token version: v1 `https://sts.windows.net/{tid}/`, v2 `https://login.microsoftonline.com/{tid}/v2.0`. */
const ENTRA: ReadonlyMap<string, '1.0' | '2.0'> = new Map([
  ['sts.windows.net', '1.0'],
  ['sts.chinacloudapi.cn', '1.0'],
  ['login.microsoftonline.com', '2.0'],
  ['login.microsoftonline.us', '2.0'],
  ['login.partner.microsoftonline.cn', '2.0'],
])
/** Names that stand for any tenant in an issuer that is configured or published. */
const ANY_TENANT = new Set(['common', 'organizations', 'consumers', '{tenantid}', '{tid}', '*'])

interface Parts {
  readonly host: string
  /** Without a trailing slash. */
  readonly rest: string
}
/** Of what is no URL. */
const NOWHERE: Parts = { host: '', rest: '' }
const partsOf = remembered((issuer: string): Parts | undefined => {
  if (!URL.canParse(issuer)) return undefined
  const { protocol, host, pathname, search } = new URL(issuer)
  // Placeholders such as {tenantid} are encoded by URL.
  const path = pathname.replace(/\/$/, '').replace(/%7B(\w+)%7D/i, '{$1}')
  return { host, rest: `${protocol}${path}${search}` }
})
export interface EntraForm {
  readonly version: '1.0' | '2.0'
  readonly tenant: string
}
/** What every Entra issuer begins with: to read a URL costs more than to look at its beginning. */
const MAY_BE_ENTRA = /^https:\/\/(login|sts)\./i
export const entraForm = remembered((issuer: string): EntraForm | undefined => {
  if (!MAY_BE_ENTRA.test(issuer)) return undefined
  const { host, rest } = partsOf(issuer) ?? NOWHERE
  const version = ENTRA.get(host)
  if (version === undefined) return undefined
  return { version, tenant: (rest.split('/')[1] ?? '').toLowerCase() }
})

/** Equal but for the case of the host and one trailing slash; both forms of one Entra tenant are one authority. */
export function isSameIssuer(issuer: string, trusted: string): boolean {
  if (issuer === trusted) return true
  const [a, b] = [partsOf(issuer), partsOf(trusted)]
  if (a === undefined || b === undefined) return false
  const [own, other] = [entraForm(issuer), entraForm(trusted)]
  if (own !== undefined && other !== undefined) return ANY_TENANT.has(other.tenant) || own.tenant === other.tenant
  return a.host === b.host && a.rest === b.rest
}

/** Authorization servers that a server names in its metadata; `itself`: it is one of them, and hands on tokens of others. */
export type Published = { issuers: string[]; itself: boolean }
export const nonePublished = (): Published => ({ issuers: [], itself: false })
const MAX_ISSUERS = 8
const MAX_CHARS = 256
interface Metadata {
  readonly metadataKind: string
  readonly authorizationServers: readonly string[]
}
export function notePublished(e: Metadata, known: Published): void {
  if (e.metadataKind === 'authorization_server') {
    known.itself = true
    return
  }
  const short = e.authorizationServers.filter((each) => each.length <= MAX_CHARS)
  known.issuers = [...new Set([...known.issuers, ...short])].slice(0, MAX_ISSUERS)
}

interface Stated {
  readonly iss: string
  readonly tid: string
  readonly ver: string
}
export interface Trust {
  /** Configured for the server; empty when nothing is. */
  readonly issuers: readonly string[]
  readonly tenants: readonly string[]
}
export interface IssuerFlaw {
  readonly what: string
  readonly expected: string
  /** Only the server’s own metadata says so. */
  readonly isByMetadata?: true
}
/** What is wrong with who issued the token. A token that names no issuer is not judged. */
export function issuerFlaw({ iss, tid, ver }: Stated, trust: Trust, known: Published): IssuerFlaw | undefined {
  if (iss === '') return undefined
  const form = entraForm(iss)
  if (form !== undefined && tid !== '' && form.tenant !== tid.toLowerCase())
    return { what: `tenant ${tid} in a token of ${shortName(iss)}`, expected: `tenant ${form.tenant}` }
  if (form !== undefined && ver !== '' && form.version !== ver)
    return { what: `version ${ver} in a token of ${shortName(iss)}`, expected: `version ${form.version}` }
  const tenant = tid.toLowerCase() || (form?.tenant ?? '')
  const isTenantOpen = trust.tenants.length === 0 || trust.tenants.includes('*')
  if (!isTenantOpen && tenant !== '' && !trust.tenants.some((each) => each.toLowerCase() === tenant))
    return { what: `tenant ${tenant}`, expected: `tenant ${trust.tenants.join(' or ')}` }
  if (trust.issuers.length > 0)
    return trust.issuers.some((each) => isSameIssuer(iss, each))
      ? undefined
      : { what: `issuer ${shortName(iss)}`, expected: trust.issuers.join(' or ') }
  if (known.itself || known.issuers.length === 0 || known.issuers.some((each) => isSameIssuer(iss, each)))
    return undefined
  return { what: `issuer ${shortName(iss)}`, expected: known.issuers.join(' or '), isByMetadata: true }
}
