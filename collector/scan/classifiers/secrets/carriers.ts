/** Secrets that are known by what they stand in: key files, URLs with a password, headers, connection strings, command lines. */
import { TRAIT } from '../../traits.ts'
import { BASE64, IN, runEnd, runStart, URL64, varietyOf } from '../alphabet.ts'
import { isRandomAt, isSample, looksRandom } from './checks.ts'

/** Characters of a private key that are one span. */
const KEY_CHARACTERS = 16_384
const PART_CHARACTERS = 256

export type Found = (kind: string, score: number, start: number, end: number, validated?: boolean) => void

/**
 * Looks for every carrier; each search is one pass over the text, with bounded work where it finds something. `traits`: of the text;
 * what needs a character that it has not is not looked for.
 */
export function findCarriers(text: string, traits: number, isDefinition: boolean, found: Found): void {
  if ((traits & TRAIT.hyphen) !== 0) {
    privateKeys(text, found)
    commands(text, found)
  }
  if ((traits & TRAIT.colon) !== 0 && (traits & TRAIT.slash) !== 0) urls(text, found)
  keyed(text, traits, found)
  // A definition shows by example what a password looks like.
  if (isDefinition) return
  passwords(text, 'word', found)
  passwords(text, 'WORD', found)
  passwords(text, 'wd', found)
}

function each(text: string, needle: string, visit: (at: number) => void): void {
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) visit(at)
}

function privateKeys(text: string, found: Found): void {
  let read = 0
  each(text, '-----BEGIN ', (at) => {
    if (at < read) return
    const label = text.slice(at + 11, at + 64)
    const name = /^[A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/.exec(label)?.[0]
    if (name === undefined) return
    const start = at + 11 + name.length
    const body = text.slice(start, start + 512).replace(/\\[nr]|[^A-Za-z0-9+/=]/g, '')
    if (body.length < 40) return
    const variety = varietyOf(body, 0, body.length)
    if (variety.repeat >= 8 || variety.entropy < 3.8) return
    const close = text.indexOf('-----END', start)
    const end = close < 0 || close - at > KEY_CHARACTERS ? Math.min(text.length, at + KEY_CHARACTERS) : close + 8
    read = end
    found('private_key', 0.98, at, end, close >= 0)
  })
  const putty = text.indexOf('PuTTY-User-Key-File-')
  if (putty >= 0 && text.indexOf('Private-Lines:', putty) > 0)
    found('private_key', 0.95, putty, Math.min(text.length, putty + KEY_CHARACTERS))
}

/** Names that stand for a password in examples, or are no secret. */
const NO_PASSWORD =
  /^(?:pass(?:w(?:or)?d)?|pwd|user(?:name)?|token|secret|test(?:ing)?|admin|root|guest|postgres|mysql|redis|mongo|x+|\*+|y+|none|null|undefined|true|false|string|credentials?|key|\d{1,4})$/i
const TEMPLATE = /[<>{}[\]`]|\$[\w({]*[A-Za-z({]|%[A-Z_]+%|\*{3}|\.\.\./
const isPassword = (value: string): boolean =>
  value.length >= 3 &&
  !NO_PASSWORD.test(value) &&
  !TEMPLATE.test(value) &&
  !isSample(value, varietyOf(value, 0, value.length))

function urls(text: string, found: Found): void {
  each(text, '://', (at) => {
    const start = at + 3
    let colon = -1
    for (let end = start; end < text.length && end - start < PART_CHARACTERS; end++) {
      const character = text[end]!
      if (character === ':' && colon < 0) colon = end
      if (character === '@') {
        if (colon < 0 || !isPassword(decoded(text.slice(colon + 1, end)))) return
        const scheme = text.slice(runStart(text, at, URL64 | IN.base64, 24), at).toLowerCase()
        const isDatabase =
          /(?:postgres|mysql|maria|mongodb|redis|amqp|mssql|sqlserver|oracle|clickhouse|cockroach|neo4j)/.test(scheme)
        return found(isDatabase ? 'database_url' : 'url_password', 0.85, start, end)
      }
      if (ENDS_AUTHORITY.includes(character)) break
    }
    webhook(text, start, found)
  })
}
const ENDS_AUTHORITY = '/?#\\"\'`<> \t\r\n,;'
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Addresses whose path is the secret. Sticky, bounded. */
const WEBHOOKS: readonly [kind: string, host: string, shape: RegExp][] = [
  ['slack_webhook', 'hooks.slack.com/', /(?:services|workflows|triggers)\/[\w-]{6,16}(?:\/[\w-]{6,24}){1,3}\/?/y],
  ['discord_webhook', 'discord.com/api/webhooks/', /\d{16,20}\/[\w-]{40,100}/y],
  ['discord_webhook', 'discordapp.com/api/webhooks/', /\d{16,20}\/[\w-]{40,100}/y],
  ['telegram_token', 'api.telegram.org/bot', /\d{6,12}:[\w-]{30,50}/y],
]
const TEAMS = '.webhook.office.com/webhookb2/'
function webhook(text: string, start: number, found: Found): void {
  for (const [kind, host, shape] of WEBHOOKS) {
    if (!text.startsWith(host, start)) continue
    shape.lastIndex = start + host.length
    const path = shape.exec(text)?.[0]
    if (path === undefined || isSample(path, varietyOf(path, 0, path.length)) || !/\d/.test(path)) return
    found(kind, 0.95, start + host.length, shape.lastIndex)
    return
  }
  const office = text.slice(start, start + 96).indexOf(TEAMS)
  if (office < 0) return
  const path = start + office + TEAMS.length
  const end = runEnd(text, path, URL64 | IN.base64 | IN.dot | IN.equals, 256)
  if (end - path > 70) found('teams_webhook', 0.9, path, end)
}

const COMMAND_CHARACTERS = 1_024
/** `curl -u user:password`, and the like. */
const USER_OPTION =
  /(?:\s-u\s{0,3}|\s--user[\s=]{1,3}|\s--proxy-user[\s=]{1,3})(?:"([^"\n]{3,200})"|'([^'\n]{3,200})'|([^\s'"]{3,200}(?:'[^'\n]{1,80}')?))/g
function commands(text: string, found: Found): void {
  let read = 0
  each(text, 'curl', (at) => {
    if (at < read) return
    read = at + COMMAND_CHARACTERS
    const line = text.slice(at, read)
    USER_OPTION.lastIndex = 0
    for (let match = USER_OPTION.exec(line); match !== null; match = USER_OPTION.exec(line)) {
      const pair = (match[1] ?? match[2] ?? match[3])!
      const colon = pair.search(/:(?!$)|:$/)
      if (colon < 0) continue
      const parts = [pair.slice(0, colon), pair.slice(colon + 1)].map((part) =>
        part.replace(/^['"{\\]+|['"}\\]+$/g, ''),
      )
      // An API takes its key as user or as password, the other half empty.
      const secret = parts[1] === '' ? parts[0]! : parts[1]!
      if (secret.length < 4 || /^\$|^%/.test(pair) || NO_CURL.test(secret) || !isPassword(secret)) continue
      if (parts[1] === '' && !/\d/.test(secret)) continue
      const start = at + match.index + match[0].lastIndexOf(pair)
      found('basic_auth', 0.8, start, start + pair.length)
    }
  })
}
const NO_CURL = /^\$|^[A-Z_]+$|^\(|PASSWORD|^my|password$/i

/** `password = …`, for values too short or too plain to be found by their looks. */
const ASSIGNED =
  /(?:[\w-]{0,24})["'\\\]]{0,3}\s{0,3}(?::=|=>|[:=]|\bis\b)\s{0,3}\\?(?:"([^"\n]{6,96})"|'([^'\n]{6,96})'|([^\s"'`,;<>&(){}]{6,96}))/y
function passwords(text: string, needle: string, found: Found): void {
  each(text, needle, (at) => {
    const isPasswd = needle === 'wd'
    if (isPasswd ? !/(?:passwd|pwd)$/i.test(text.slice(at - 4, at + 2)) : !/pass$/i.test(text.slice(at - 4, at))) return
    ASSIGNED.lastIndex = at + needle.length
    const match = ASSIGNED.exec(text)
    if (match === null) return
    const value = (match[1] ?? match[2] ?? match[3])!.replace(/\\$/, '')
    if (!isStrongPassword(value)) return
    const start = at + needle.length + match[0].lastIndexOf(value)
    found('password', 0.7, start, start + value.length)
  })
}

const NOT_IN_PASSWORD = TRAIT.space | TRAIT.lineBreak | TRAIT.parenthesis | TRAIT.bracket | TRAIT.angle
const PUNCTUATION =
  TRAIT.percent |
  TRAIT.ampersand |
  TRAIT.backslash |
  TRAIT.nonAscii |
  TRAIT.control |
  TRAIT.slash |
  TRAIT.colon |
  TRAIT.at |
  TRAIT.quote |
  TRAIT.chain |
  TRAIT.dollar |
  TRAIT.equals |
  TRAIT.hash |
  TRAIT.asterisk |
  TRAIT.tilde |
  TRAIT.other
const one = (bits: number): number => (bits === 0 ? 0 : 1)
/** By the characters of a text alone: most end here. */
export function mayBePassword(traits: number): boolean {
  const letters = one(traits & TRAIT.lower) + one(traits & TRAIT.upper)
  return (traits & NOT_IN_PASSWORD) === 0 && letters + one(traits & TRAIT.digit) + one(traits & PUNCTUATION) >= 3
}

/** Three kinds of characters, as password policies ask for, and not a piece of code. */
export function isStrongPassword(value: string): boolean {
  if (value.length < 8 || /[\s(){}<>[\]]|::|=>|\w\.\w+\.|^\$|^%|\/\//.test(value) || !isPassword(value)) return false
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9_.-]/].filter((kind) => kind.test(value)).length
  return /\d|[^A-Za-z0-9_.-]/.test(value) && kinds >= 3
}

/** Parts of connection strings; the value is base64 of known length. */
const KEYED: readonly [kind: string, needle: string, alphabet: number, min: number, max: number][] = [
  ['azure_storage_key', 'AccountKey=', BASE64, 40, 100],
  ['azure_shared_key', 'SharedAccessKey=', BASE64, 40, 100],
]
function keyed(text: string, traits: number, found: Found): void {
  if ((traits & TRAIT.equals) !== 0) assigned(text, found)
  if ((traits & TRAIT.tilde) !== 0) clientSecrets(text, found)
  if ((traits & TRAIT.underscore) !== 0) bundles(text, found)
  if ((traits & TRAIT.space) !== 0) basic(text, found)
}

function assigned(text: string, found: Found): void {
  each(text, 'Key=', (at) => {
    for (const [kind, needle, alphabet, min, max] of KEYED) {
      const start = at + 4
      if (text.startsWith(needle, start - needle.length)) {
        const end = runEnd(text, start, alphabet, max)
        if (end - start >= min && isRandomAt(text, start, end))
          return found(kind, 0.95, start, runEnd(text, end, IN.equals, 2))
      }
    }
  })
  for (const needle of ['&sig=', '?sig=']) each(text, needle, (at) => signature(text, at, found))
}

function clientSecrets(text: string, found: Found): void {
  each(text, 'Q~', (at) => {
    const start = runStart(text, at, URL64 | IN.tilde | IN.dot, 4)
    const end = runEnd(text, at + 2, URL64 | IN.tilde | IN.dot, 40)
    if (at - start < 4 || !/\d/.test(text[at - 1]!) || end - at < 33 || end - at > 36) return
    const variety = varietyOf(text, start, end)
    if (looksRandom(variety) && !isSample(text.slice(start, end), variety))
      found('azure_client_secret', 0.9, start, end)
  })
}

function bundles(text: string, found: Found): void {
  each(text, 'BUNDLE_', (at) => {
    const match = /^BUNDLE_\w{1,80}COM["']?\s{0,3}[:=]\s{0,3}["']?([\w.-]{4,64}:[\w.-]{4,64})/.exec(
      text.slice(at, at + 240),
    )
    if (match === null) return
    const start = at + match[0].length - match[1]!.length
    found('basic_auth', 0.85, start, start + match[1]!.length)
  })
}

function basic(text: string, found: Found): void {
  each(text, 'Basic ', (at) => {
    const start = at + 6
    const end = runEnd(text, start, BASE64, 512)
    if (end - start < 8) return
    const pair = Buffer.from(text.slice(start, end), 'base64').toString('utf8')
    const [user, ...rest] = pair.split(':')
    if (rest.length === 0 || user === undefined || /[^\x20-\x7e]/.test(pair)) return
    if (!isPassword(rest.join(':')) && !(rest.join(':') === '' && isRandomAt(user, 0, user.length))) return
    found('basic_auth', 0.9, start, runEnd(text, end, IN.equals, 2), true)
  })
}

function signature(text: string, at: number, found: Found): void {
  const start = at + 5
  const end = runEnd(text, start, BASE64 | IN.hyphen | IN.underscore, 64)
  if (end - start < 20) return
  // A shared access signature stands among its terms: version and expiry.
  const around = text.slice(Math.max(0, at - 400), at + 400)
  if (/[?&;]sv=20\d\d|[?&;]se=20\d\d|[?&;]sp=/.test(around)) found('azure_sas', 0.9, start, end)
}
