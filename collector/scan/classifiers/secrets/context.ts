/** What a value is called: the name it is assigned to, read backwards from it, and whether such a name holds secrets. */
import { remembered } from '../../remembered.ts'
import { IN, isIn, runStart, URL64 } from '../alphabet.ts'

/** Characters of punctuation between a name and its value, and of the name. */
const GAP_CHARACTERS = 12
const NAME_CHARACTERS = 64

/** secret: such values are secrets. key: they may be, when they look it. password: short ones count. none: nothing is said. */
export type NameSays = 'secret' | 'key' | 'password' | 'none'

const SECRET =
  /secret|token|api[ _.-]?key|apikey|access[ _.-]?(?:key|code)|accesskey|auth(?:orization|[ _.-]?(?:key|code|header))\b|credential|private[ _.-]?key|client[ _.-]?key|sign(?:ing|ature)[ _.-]?key|encryption[ _.-]?key|master[ _.-]?key|account[ _.-]?key|license[ _.-]?key|deploy[ _.-]?key|shared[ _.-]?(?:access[ _.-]?)?key|webhook[ _.-]?key|session[ _.-]?(?:id|key|cookie|token)?\b|cookie|bearer|jwt|assertion|refresh[ _.-]?tok|code[ _.-]?verifier|authorization[ _.-]?code|auth[ _.-]?code|request[ _.-]?state|\bsid\b|\bsessid|phpsessid|jsessionid|connection[ _.-]?string|sas[ _.-]?(?:token|sig)|\bpat\b/i
const PASSWORD =
  /passw(?:or)?d|passwd|\bpwd\b|_pwd|passphrase|passcode|\bpass\b|_pass\b|kennwort|passwort|contrase[nñ]a|mot de passe/i
const KEY = /(?:^|[^a-z])key$|[a-z]Key$|[A-Z]KEY$|\blogin\b|_login\b|(?:\b|_)auth\b/
/** Names of services: `heroku_key`, `snyk: …`, `DATADOG_APP`. What they issue has no form of its own. */
const VENDOR =
  /adafruit|adobe|airtable|algolia|alibaba|asana|atlassian|auth0|\baws\b|aws_|azure|beamer|bitbucket|bittrex|buildkite|circle_?ci|cloudflare|codecov|cohere|coinbase|confluen|contentful|curseforge|datadog|deepgram|deepseek|discord|droneci|dropbox|elastic|etsy|facebook|fastly|finicity|finnhub|firebase|flickr|freshbooks|freshdesk|gitter|github|gitlab|grafana|heroku|hubspot|intercom|jenkins|jira|kraken|kucoin|launchdarkly|linear|linkedin|looker|mailchimp|mailgun|mapbox|mattermost|meraki|messagebird|mistral|netlify|new_?relic|nytimes|newyorktimes|okta|openai|openweather|pagerduty|paypal|plaid|plivo|postmark|pusher|rapidapi|reddit|segment|sendbird|sendgrid|sentry|shodan|slack|snyk|sonar|sourcegraph|spotify|squarespace|stripe|sumo_?logic|\bsumo|telegram|together|travis|trello|twilio|twitch|twitter|typeform|vultr|wakatime|yandex|zendesk|zapier|zoho/i
/** Names in which such a word means something else. */
const OTHERWISE =
  /public|\bpub_?key|next|page[ _.-]?token|pagetoken|cursor|contin|sync[ _.-]?token|count|limit|usage|\bmax|_type|type\b|\bname\b|hash|digest|checksum|integrity|etag|\bsha|commit|revision|fingerprint|thumbprint|nonce|csrf|xsrf|authenticity|author\b|monkey|keyboard|keyword|idempot|cache|partition|sort|primary[ _.-]?key|foreign|\burl\b|\buri\b|path|\bfile|contract|address|\bmint|\btx|transaction|block|wallet|symbol|token[ _.-]?id\b|key[ _.-]?(?:id|name|figure)\b|(?:secret|credential)s?[ _.-]?(?:name|id)s?\b|access[ _.-]?ids?\b|secretsanta|tokeniz|signature\b|reset|design[ _.-]?token|image|photo|video|avatar/i

/** What a name says of its value. */
export const nameSays = remembered((name): NameSays => {
  if (name.length < 3) return 'none'
  const spelled = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  if (PASSWORD.test(spelled)) return OTHERWISE.test(spelled) ? 'none' : 'password'
  if (SECRET.test(spelled)) return OTHERWISE.test(spelled) ? 'none' : 'secret'
  if (VENDOR.test(spelled)) return OTHERWISE.test(spelled) ? 'none' : 'secret'
  return KEY.test(spelled) && !OTHERWISE.test(spelled) ? 'key' : 'none'
})

/** Words between a name and a value that are no part of either. */
const SCHEME =
  /(?:(?<![-\w])(?:bearer|basic|(?:[A-Za-z][\w-]{0,12})?token|negotiate|digest|apikey|dpop|is|was|are|set to|of|the|=)[ \t'"`:=]{1,3})$/i

/** The characters it may end with. */
const AFTER_SCHEME = ' \t\'"`:='

/**
 * The name that the value at `start` is assigned to, as `name = value`, `"name": "value"`, `name: Scheme value`, `--name value`,
 * `<name>value`, `the name is value`; '' when it stands alone.
 */
export function nameBefore(text: string, start: number): string {
  if (start === 0) return ''
  let end = start
  let isAssigned = false
  const limit = Math.max(0, start - GAP_CHARACTERS)
  for (let at = start; at > limit; at--) {
    const character = text[at - 1]!
    if (ASSIGNS.includes(character)) isAssigned = true
    else if (!BETWEEN.includes(character)) break
    end = at - 1
  }
  const scheme =
    isAssigned || !AFTER_SCHEME.includes(text[start - 1]!)
      ? null
      : SCHEME.exec(text.slice(Math.max(0, start - 24), start))
  if (scheme !== null) {
    end = start - scheme[0].length
    isAssigned = true
    while (end > 0 && (BETWEEN.includes(text[end - 1]!) || ASSIGNS.includes(text[end - 1]!))) end--
    if (/^(?:bearer|basic|dpop)/i.test(scheme[0]) && end === 0) return 'authorization'
  }
  const nameStart = runStart(text, end, NAME, NAME_CHARACTERS)
  const word = text.slice(nameStart, end)
  if (!isAssigned) {
    // A command line: `--token value`; a sentence: `Token abc…`.
    return /^--?[a-z]/i.test(word) || (end < start && /^[A-Za-z]+$/.test(word) && text[end] === ' ') ? word : ''
  }
  return text.slice(phraseStart(text, nameStart), end)
}
const ASSIGNS = ':=>?,|'
const BETWEEN = ' \t\'"`\\([{$'
const NAME = URL64 | IN.dot

/** The two words before a name belong to it when only a space parts them: `Hugging Face token: …`. */
function phraseStart(text: string, nameStart: number): number {
  let start = nameStart
  for (let words = 0; words < 2; words++) {
    if (start < 2 || text[start - 1] !== ' ' || !isIn(text, start - 2, URL64)) return start
    start = runStart(text, start - 1, URL64, 24)
  }
  return start
}

/** The last two names of a path such as `args.auth.token`: what a value is called that is a whole text. */
export function nameInPath(path: string): string {
  const before = path.lastIndexOf('.', path.lastIndexOf('.') - 1)
  const names = path.slice(before + 1)
  return (names.includes('[') ? names.replace(/\[\d*\]/g, '') : names).slice(-NAME_CHARACTERS)
}
