/** What an identifier, a path, a URL or an address means to the injection matchers. Strings are short: at most MAX_NAME characters are looked at. */
import { remembered } from '../../remembered.ts'
import { sensitivityOf } from '../../sensitive-paths.ts'
import type { Meaning } from './lexicon.ts'
import { AS, TO } from './meaning.ts'

const MAX_NAME = 300
const MAX_TOOL_NAME = 128

const say = (to: number, as = 0): Meaning => ({ doing: 0, to, how: 0, as, of: 0 })
const MAIL = say(TO.mail)
const WEB = say(TO.url)
const SECRET_PATH = say(TO.secretPath | TO.file)
const PATH = say(TO.path)
const GUIDE = say(TO.path, AS.guide)
const DEPOSIT = say(TO.path, AS.account)
const VARIABLE = say(0, AS.variable)
const IDENTIFIER = say(TO.identifier)
const OTHER_TOOL = say(TO.otherTool | TO.identifier)
const OWN_TOOL = say(TO.ownTool)
/** A bare host name: prose is full of them. */
const HOST = say(TO.place)
const PARAMETER = say(TO.parameter)
const LICENSE = say(TO.identifier, AS.license)
const TOOL_LIKE = say(TO.identifier, AS.toolLike)
const ENEMY_MAIL = say(TO.mail | TO.enemy)
const ENEMY_WEB = say(TO.url | TO.enemy)

/** Ends of what belongs to a path, an address or a dotted name: blanks, quotation marks, brackets, list signs. */
export function pathEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + MAX_NAME)
  let end = from
  for (; end < limit; end++) {
    const code = text.charCodeAt(end)
    if (
      code <= 32 ||
      code === 34 ||
      code === 39 ||
      code === 96 ||
      code === 40 ||
      code === 41 ||
      code === 44 ||
      code === 59 ||
      code === 60 ||
      code === 62 ||
      code === 93 ||
      code === 91 ||
      code === 125 ||
      code >= 0x2000
    )
      break
  }
  // Punctuation at the end belongs to the sentence.
  while (end > from && isTrailing(text.charCodeAt(end - 1))) end--
  return end
}
const isTrailing = (code: number): boolean => code === 46 || code === 58 || code === 33 || code === 63 || code === 42

/**
 * Names of files that hold keys, passwords or what a client is configured with: dot folders of tools, key files by name or ending,
 * system account files, environment of processes. One alternative per place; nothing is repeated without bound.
 */
const SECRET_PLACES =
  /(?:^|[\\/~.*])(?:\.ssh(?:[\\/]|$)|id_(?:rsa|dsa|ecdsa|ed25519)|\.aws(?:[\\/]|$)|\.gnupg|\.kube(?:[\\/]|$)|\.docker[\\/]config|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.git-credentials|\.env(?:$|\.(?:local|prod|production|dev))|etc[\\/](?:passwd|shadow|sudoers|ssh)(?![a-z])|proc[\\/]self|authorized_keys|\.bashrc|\.zshrc|\.bash_profile|\.profile$|crontab$|known_hosts|credentials?(?:$|\.[a-z]{2,5}$)|secrets?(?:$|\.[a-z]{2,5}$)|passwords?(?:$|\.[a-z]{2,5}$)|mcp\.json|claude_desktop_config|\.cursor[\\/]mcp|\.claude[\\/]\.|\.vscode[\\/]mcp|\.bash_history|\.zsh_history|\.bitcoin|wallet\.dat|Library[\\/]Keychains|Login Data|Cookies$|[\w-]{1,40}\.(?:pem|key|ppk|p12|pfx|kdbx|keystore)$)/i
/** Files that agents take their orders or their permissions from. */
const GUIDES =
  /(?:^|[\\/])(?:claude(?:\.local)?\.md|agents\.md|gemini\.md|copilot-instructions\.md|\.(?:cursor|windsurf|cline|goose)rules|\.mcp\.json|\.cursor[\\/]rules)/i
const WEB_ADDRESS = /^[a-z][a-z0-9+.-]{1,15}:\/\//i
const MAIL_ADDRESS = /^[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}$/
/** Addresses that manuals show. */
const SAMPLE_ADDRESS =
  /^(?:users?\d?|name|you|me|someone|somebody|email|first\.last|john(?:\.?doe)?|jane(?:\.?doe)?|alice|bob|test|[a-z])@(?:example|domain|company|yourcompany|email|mail|[a-z])\.(?:com|org|net)$/i
/** Words no honest host calls itself by. */
const ENEMY_HOST = /attack|evil|malicious|exfil|pwn|hack|steal|phish|rogue|c2\./i
const SECRET_SCHEME = /:\/\/[\w./-]{0,60}(?:secret|confidential|admin|credential|private|password|internal)/i

/** What a chunk with dots, slashes, colons or an at sign means; undefined when it is only words in a row. */
export const meaningOfPath = remembered((chunk): Meaning | undefined => {
  if (WEB_ADDRESS.test(chunk)) {
    if (/^(?:https?|wss?|ftp):/i.test(chunk)) return ENEMY_HOST.test(chunk) ? ENEMY_WEB : WEB
    if (/^(?:s3|gs|ftp|sftp|abfss?):/i.test(chunk)) return DEPOSIT
    return SECRET_SCHEME.test(chunk) ? SECRET_PATH : PATH
  }
  if (chunk.includes('@')) {
    const bare = chunk.startsWith('mailto:') ? chunk.slice(7) : chunk
    if (SAMPLE_ADDRESS.test(bare)) return undefined
    return MAIL_ADDRESS.test(bare) ? (ENEMY_HOST.test(bare) ? ENEMY_MAIL : MAIL) : undefined
  }
  // `configmap/secret`: two words.
  if (/^[a-z]{2,24}\/(?:secrets?|passwords?|credentials?|env)$/i.test(chunk)) return undefined
  if (GUIDES.test(chunk)) return GUIDE
  if (SECRET_PLACES.test(chunk) || sensitivityOf(chunk.toLowerCase()) === 0.9) return SECRET_PATH
  if (chunk.includes('/') || chunk.includes('\\'))
    return /^(?:[~.]{0,2}[\\/]|[A-Za-z]:\\)/.test(chunk) ? PATH : undefined
  // server.tool and a.b_c: a name; `end.Next` and `3.5` are not.
  if (/^[A-Za-z][\w-]{1,40}\.[a-z][\w-]{1,60}$/.test(chunk) && /[_-]/.test(chunk)) return IDENTIFIER
  if (
    /^[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}$/.test(chunk) &&
    /\.(?:com|net|org|io|dev|app|co|ru|cn|xyz|info|site|online|me|ai|example|test)$/i.test(chunk)
  )
    return ENEMY_HOST.test(chunk) ? ENEMY_WEB : HOST
  if (/^[\w-]{1,80}\.(?:json|ya?ml|toml|txt|md|ini|conf|cfg|log|csv|db|sqlite|sh|py|js|ts)$/i.test(chunk)) return PATH
  return undefined
})

/** Names that a text may use as names. */
export interface KnownNames {
  readonly toolName: string
  readonly otherTools: ReadonlySet<string>
  /** Of the tool that is described; absent where none is. */
  readonly parameters?: ReadonlySet<string>
}

/**
 * What a word that may be a name means, next to what the lexicon says of it. `hyphenatedEnd`: where the words with hyphens that it is
 * the first of end; `end` when there are none.
 */
export function meaningOfName(
  text: string,
  start: number,
  end: number,
  hyphenatedEnd: number,
  known: Meaning,
  { otherTools, toolName, parameters }: KnownNames,
  isNamed: boolean,
  isIdentifier: boolean,
): Meaning | undefined {
  if (end - start > MAX_NAME) return undefined
  const name = text.slice(start, end)
  let found: Meaning | undefined
  if (name === toolName && (isIdentifier || isNamed)) found = OWN_TOOL
  else if (otherTools.size > 0) {
    if (otherTools.has(name) && (isIdentifier || isNamed || name.length > 12)) found = OTHER_TOOL
    else if (
      hyphenatedEnd > end &&
      hyphenatedEnd - start <= MAX_TOOL_NAME &&
      otherTools.has(text.slice(start, hyphenatedEnd))
    )
      found = OTHER_TOOL
  }
  if (found === undefined && parameters?.has(name) === true && (isIdentifier || isNamed)) found = PARAMETER
  if (found === undefined && isIdentifier)
    found = SECRET_NAME.test(name)
      ? name === name.toUpperCase()
        ? VARIABLE
        : undefined
      : LICENSE_NAME.test(name)
        ? LICENSE
        : TOOL_NAME.test(name)
          ? TOOL_LIKE
          : IDENTIFIER
  if (found === undefined && !isNamed)
    return known.doing === 0 && known.to === 0 && known.how === 0 && known.as === 0 && known.of === 0
      ? undefined
      : known
  const to = known.to | (found?.to ?? 0) | (isNamed ? TO.named : 0)
  return { doing: known.doing, to, how: known.how, as: known.as | (found?.as ?? 0), of: known.of }
}
/** Settings of agents: what they may do without asking. */
const LICENSE_NAME =
  /^(?:auto_?(?:approve|accept|run|allow|confirm)|always_?(?:allow|approve)|(?:bypass|skip)_?permissions?|dangerously_?\w{2,24})\w{0,16}$/i
/** get_balance, sendEmail: a verb and what it is done to. Switches of a tool begin with other verbs. */
const TOOL_NAME =
  /^(?:get|list|send|create|delete|remove|update|write|read|edit|execute|exec|run|call|fetch|search|find|query|approve|transfer|pay|book|browser|post|push|upload|download|open|move|make|add|insert|check|submit|cancel|schedule|reply|forward|merge|fork|deploy|invoke|eval)(?:_[a-z]|[A-Z][a-z])|[a-z]_(?:send|search|read|write|create|delete|update|fetch|query|execute|run|transfer|upload|post|exec|run|edit|list|save|check)$/
const SECRET_NAME = /(?:_|^)(?:token|secret|password|credential|api_?key|(?:access|private)_key)s?$/i
