/** Who may ask: everybody on loopback while no credentials are configured, else operators by name and secret. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { KnownKey } from '../credentials.ts'

interface Given {
  readonly user: string
  readonly password: string
}

/** Secrets are read at each request, because they follow their files. True when the request may ask. */
export function mayAsk(incoming: IncomingMessage, url: URL, keys: readonly KnownKey[]): boolean {
  const given = givenBy(incoming, url)
  if (keys.length === 0) return given.user === 'default' && given.password === ''
  const operators = keys.filter(({ role }) => role === 'operator')
  // All are compared, so that the time says nothing about which one it was.
  return operators.map((key) => same(given.password, key.secret) && same(given.user, key.keyId)).includes(true)
}
/** User of the answer to a wrong login, as the engine prints it. */
export const userOf = (incoming: IncomingMessage, url: URL): string => givenBy(incoming, url).user

/** As the server looks for them: basic, then headers, then the URL. */
function givenBy(incoming: IncomingMessage, url: URL): Given {
  const basic = /^Basic ([A-Za-z0-9+/=]{1,1024})$/i.exec(incoming.headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const [user = '', ...password] = Buffer.from(basic, 'base64').toString('utf8').split(':')
    return { user: user || 'default', password: password.join(':') }
  }
  const one = (header: string, parameter: string): string =>
    String(incoming.headers[header] ?? url.searchParams.get(parameter) ?? '')
  return { user: one('x-clickhouse-user', 'user') || 'default', password: one('x-clickhouse-key', 'password') }
}
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
