/** Tokens that say by their first characters what they are: issuer, alphabet, length and, where there is one, the proof. */
import { ALNUM, BASE64, HEX, IN, LETTER, LOWER_DIGIT, LOWER_HEX, UPPER_DIGIT, URL64, WORD } from '../alphabet.ts'
import { awsKeyId, beginsWith, crcHexTail, crcTail, type Proof } from './checks.ts'

export interface TokenFormat {
  /** The class is `secret.` and this. */
  readonly kind: string
  readonly prefix: string
  /** Of the characters behind the prefix. */
  readonly alphabet: number
  readonly min: number
  readonly max: number
  readonly proof?: Proof
  /** What stands behind the prefix, where an alphabet does not say enough. Sticky. */
  readonly shape?: RegExp
  /** The prefix is a common one: the rest has to look random. */
  readonly isWeak?: boolean
  /** It opens little: a test key, an identifier that goes with a secret. */
  readonly isMinor?: boolean
}

type Extra = Pick<TokenFormat, 'proof' | 'shape' | 'isWeak' | 'isMinor'>
const formats: TokenFormat[] = []
function add(kind: string, prefixes: string, alphabet: number, min: number, max = min, extra: Extra = {}): void {
  for (const prefix of prefixes.split(' ')) formats.push({ kind, prefix, alphabet, min, max, ...extra })
}
const WEAK = { isWeak: true }
const MINOR = { isMinor: true }
const DOTTED = URL64 | IN.dot
const PADDED = BASE64 | IN.equals

// Code hosting and packages.
add('github_token', 'ghp_ gho_ ghu_ ghs_ ghr_', WORD, 36, 255, { proof: crcTail })
add('github_token', 'github_pat_', WORD, 82, 255, WEAK)
add('gitlab_token', 'glpat- gldt- glrt- glptt- glft- glsoat- gloas- glimt- glagent- glffct-', DOTTED, 20, 300, WEAK)
add('gitlab_token', 'glcbt- glrtr-', URL64, 20, 300, WEAK)
add('gitlab_token', 'GR1348941', URL64, 20)
add('bitbucket_token', 'ATBB', ALNUM, 32, 36, { isWeak: true, proof: crcHexTail })
add('atlassian_token', 'ATATT3 ATCTT3 ATSTT3', URL64 | IN.equals, 60, 400, { proof: crcHexTail })
add('npm_token', 'npm_', ALNUM, 36, 36, { proof: crcTail })
// A macaroon: version and location come first.
const PYTHON = 'pypi_token'
const PYTHON_PREFIX = `${PYTHON.slice(0, 4)}-`
add(PYTHON, PYTHON_PREFIX, URL64, 50, 1024, { isWeak: true, proof: beginsWith(PYTHON_PREFIX, '\u0002\u0001') })
add('rubygems_token', 'rubygems_', LOWER_HEX, 48)
add('crates_token', 'cio', ALNUM, 32, 32, WEAK)
add('clojars_token', 'CLOJARS_', ALNUM, 60)
add('nuget_key', 'oy2', LOWER_DIGIT, 43, 43, WEAK)
add('docker_token', 'dckr_pat_ dckr_oat_', URL64, 24, 40)
add('artifact_store_key', 'AKCp', ALNUM, 69)
add('artifact_store_key', 'cmVmdGtuO', ALNUM, 54, 60)
add('sonar_token', 'squ_ sqp_ sqa_', ALNUM, 40)
add('sourcegraph_token', 'sgp_', HEX, 40, 40)
add('sourcegraph_token', 'sgp_', WORD, 46, 64, { shape: /(?:[0-9a-fA-F]{16}|local)_[0-9a-fA-F]{40}/y })
add('snyk_token', 'snyk_uat.', DOTTED, 30, 400, WEAK)
// Clouds.
add('aws_key_id', 'AKIA ASIA ABIA ACCA', UPPER_DIGIT, 16, 16, { proof: awsKeyId })
add('aws_session_token', 'IQoJb3JpZ2lu FwoGZXIvYXdz', PADDED, 100, 4096)
add('aws_bedrock_key', 'ABSKQmVkcm9ja0FQSUtleS', PADDED, 90, 280)
add('aws_bedrock_key', 'bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t', PADDED, 40, 4096)
add('alibaba_key_id', 'LTAI', ALNUM, 17, 26, WEAK)
add('gcp_api_key', 'AIza', URL64, 35)
add('google_oauth_token', 'ya29.', DOTTED, 40, 1024)
add('google_refresh_token', '1//0', URL64, 40, 200, WEAK)
add('google_client_secret', 'GOCSPX-', URL64, 28)
add('digitalocean_token', 'dop_v1_ doo_v1_ dor_v1_', LOWER_HEX, 64)
add('cloudflare_key', 'v1.0-', LOWER_HEX | IN.hyphen, 171, 171, { shape: /[0-9a-f]{24}-[0-9a-f]{146}/y })
add('cloudflare_token', 'cfut_ cfat_ cfk_', URL64, 40, 64, WEAK)
add('heroku_key', 'HRKU-AA', URL64, 56, 60)
add('flyio_token', 'fo1_', URL64, 43)
add('flyio_token', 'fm1a_ fm1r_ fm2_', PADDED | IN.underscore | IN.hyphen, 60, 2048, WEAK)
add('render_key', 'rnd_', ALNUM, 28, 40, WEAK)
add('netlify_token', 'nfp_ nfc_ nfu_', ALNUM, 36, 40, WEAK)
add('vercel_token', 'vcp_ vci_ vca_ vcr_ vck_', URL64, 24, 80, WEAK)
add('supabase_key', 'sbp_', LOWER_HEX, 40)
add('supabase_key', 'sb_secret_', URL64, 20, 60, WEAK)
add('planetscale_token', 'pscale_tkn_ pscale_pw_ pscale_oauth_', DOTTED, 32, 64)
add('neon_key', 'napi_', ALNUM, 40, 80, WEAK)
add('scalingo_token', 'tk-us-', URL64, 48)
add('tailscale_key', 'tskey-', URL64, 20, 80, WEAK)
add('yandex_key', 'AQVN', URL64, 35, 38, WEAK)
add('yandex_key', 't1.', DOTTED | IN.equals, 90, 400, WEAK)
add('openshift_token', 'sha256~', URL64, 43)
add('clickhouse_key', '4b1d', ALNUM, 38, 38, WEAK)
// Infrastructure.
add('vault_token', 'hvs. hvb. hvr.', URL64, 90, 300, WEAK)
add('vault_token', 's.', ALNUM, 24, 24, WEAK)
add('terraform_token', 'atlasv1.', URL64 | IN.equals, 60, 80)
add('pulumi_token', 'pul-', LOWER_HEX, 40)
add('doppler_token', 'dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.', DOTTED, 40, 60)
add('databricks_token', 'dapi', LOWER_HEX | IN.hyphen, 32, 34, { shape: /[0-9a-f]{32}(?:-\d)?/y })
add('grafana_token', 'glsa_', WORD, 41, 41, { shape: /[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}/y, proof: crcHexTail })
add('grafana_token', 'glc_', PADDED, 32, 400)
add('grafana_token', 'eyJrIjoi', PADDED, 60, 400)
add('newrelic_key', 'NRAK-', UPPER_DIGIT, 27)
add('newrelic_key', 'NRII-', URL64, 32)
add('newrelic_key', 'NRJS-', LOWER_HEX, 19, 19, MINOR)
add('newrelic_key', 'NRSP-', LOWER_DIGIT, 33, 33)
add('dynatrace_token', 'dt0c01. dt0s01. dt0s16.', DOTTED, 89, 100, { shape: /[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}/y })
add('honeycomb_key', 'hcaik_ hcbik_ hccik_ hcdik_ hcxik_ hcamk_', LOWER_DIGIT, 58, 64)
add('sentry_token', 'sntrys_', PADDED | IN.underscore, 60, 600, { proof: beginsWith('sntrys_', '{"iat"') })
add('sentry_token', 'sntryu_', LOWER_HEX, 64)
add('posthog_key', 'phx_', ALNUM, 40, 60)
add('launchdarkly_key', 'sdk- api-', LOWER_HEX | IN.hyphen, 36, 36, {
  shape: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/y,
})
add('octopus_key', 'API-', UPPER_DIGIT, 26, 26, WEAK)
add('harness_token', 'pat. sat.', DOTTED, 67, 69, { shape: /[\w-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}/y })
add('prefect_key', 'pnu_', ALNUM, 36)
add('infracost_token', 'ico-', ALNUM, 32)
add('onepassword_key', 'A3-', UPPER_DIGIT | IN.hyphen, 31, 40, {
  shape: /[A-Z0-9]{6}-?(?:[A-Z0-9]{11}|[A-Z0-9]{6}-?[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}/y,
})
add('onepassword_token', 'ops_eyJ', PADDED | IN.underscore | IN.hyphen, 200, 1200)
add('age_key', 'AGE-SECRET-KEY-1', UPPER_DIGIT, 58)
// Talk and work.
add('slack_token', 'xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe-', URL64 | IN.base64, 20, 400)
add('slack_token', 'xoxe.xoxp- xoxe.xoxb- xoxe.xoxa-', URL64, 60, 400, WEAK)
add('slack_token', 'xapp-', URL64, 60, 140, { shape: /\d-[A-Z0-9]+-\d+-[a-z0-9]+/y })
add('linear_key', 'lin_api_ lin_oauth_', ALNUM, 40, 64)
add('notion_token', 'ntn_', ALNUM, 46, 46, { shape: /\d{11}[A-Za-z0-9]{35}/y })
add('notion_token', 'secret_', ALNUM, 43, 43, WEAK)
add('postman_key', 'PMAK-', LOWER_HEX | IN.hyphen, 59)
add('figma_token', 'figd_ figo_ figoh_', URL64, 38, 60, WEAK)
add('airtable_token', 'pat', ALNUM | IN.dot, 79, 79, { shape: /[A-Za-z0-9]{14}\.[0-9a-f]{64}/y })
add('contentful_token', 'CFPAT-', URL64, 43)
add('hubspot_token', 'pat-na1- pat-na2- pat-eu1-', LOWER_HEX | IN.hyphen, 36)
add('typeform_token', 'tfp_', DOTTED, 40, 64, WEAK)
add('readme_key', 'rdme_', LOWER_DIGIT, 70)
add('frameio_token', 'fio-u-', URL64, 64)
add('intra42_secret', 's-s4t2ud- s-s4t2af-', HEX, 64)
add('dropbox_token', 'sl.u. sl.', DOTTED, 120, 1600, WEAK)
add('shopify_token', 'shpat_ shpca_ shppa_ shpss_ shptka_', HEX, 32)
// Money.
add('stripe_key', 'sk_live_ rk_live_ sk_prod_ rk_prod_', ALNUM, 10, 255)
add('stripe_key', 'sk_test_ rk_test_', ALNUM, 10, 255)
add('stripe_webhook_secret', 'whsec_', PADDED, 24, 80, WEAK)
add('square_token', 'sq0atp- sq0csp- sq0idp-', URL64, 22, 60)
add('square_token', 'EAAA', URL64, 60, 60, WEAK)
add('flutterwave_key', 'FLWSECK- FLWSECK_TEST- FLWSECK_LIVE-', URL64, 12, 60, WEAK)
add('shippo_token', 'shippo_live_ shippo_test_', HEX, 40)
add('duffel_token', 'duffel_live_ duffel_test_', URL64 | IN.equals, 43)
add('easypost_key', 'EZAK EZTK', ALNUM, 54)
add('plaid_token', 'access-sandbox- access-development- access-production-', LOWER_HEX | IN.hyphen, 36)
add('lob_key', 'live_ test_', LOWER_HEX, 35)
add('gocardless_token', 'live_', URL64 | IN.equals, 40, 40, WEAK)
add('coinbase_token', 'organizations/', URL64 | IN.base64, 80, 100, MINOR)
add('freemius_key', 'sk_', URL64, 29, 29, WEAK)
// Mail and telephony.
add('sendgrid_key', 'SG.', DOTTED, 66, 69, { shape: /[\w-]{22}\.[\w-]{43}/y })
add('twilio_key', 'SK', LOWER_HEX, 32)
add('mailgun_key', 'key-', LOWER_HEX, 32)
add('brevo_key', 'xkeysib- xsmtpsib-', LOWER_DIGIT | IN.hyphen, 81)
add('mailersend_key', 'mlsn.', LOWER_HEX, 64)
add('resend_key', 're_', ALNUM | IN.underscore, 30, 34, { shape: /[A-Za-z0-9]{8}_[A-Za-z0-9]{24}/y })
add('mapbox_token', 'sk.eyJ', DOTTED, 60, 200)
// Models and their surroundings.
add('openai_key', 'sk-proj- sk-svcacct- sk-admin- sk-None-', URL64, 40, 255, WEAK)
add('openai_key', 'sk-', ALNUM, 48, 48, WEAK)
add('anthropic_key', 'sk-ant-', URL64, 60, 160)
add('openrouter_key', 'sk-or-v1-', LOWER_HEX, 64)
add('llm_key', 'sk-', ALNUM, 32, 64, WEAK)
add('llm_key', 'sk_', LOWER_HEX, 48, 50)
add('huggingface_token', 'hf_ api_org_', LETTER | IN.digit, 34, 37)
add('perplexity_key', 'pplx-', ALNUM, 40, 60)
add('groq_key', 'gsk_', ALNUM, 52)
add('xai_key', 'xai-', ALNUM, 70, 90)
add('replicate_token', 'r8_', ALNUM, 37)
add('nvidia_key', 'nvapi-', URL64, 60, 80)
add('pinecone_key', 'pcsk_', WORD, 60, 80)
add('langsmith_key', 'lsv2_pt_ lsv2_sk_', LOWER_HEX | IN.underscore, 43)
add('langfuse_key', 'sk-lf-', LOWER_HEX | IN.hyphen, 36)
add('tavily_key', 'tvly-', URL64, 32, 64, WEAK)
add('firecrawl_key', 'fc-', LOWER_HEX, 32)
add('e2b_key', 'e2b_', LOWER_HEX, 40)
add('jina_key', 'jina_', URL64, 56, 64)
add('brave_key', 'BSA', URL64, 28, 28, WEAK)
add('context7_key', 'ctx7sk-', LOWER_HEX | IN.hyphen, 36)
add('fireworks_key', 'fw_', ALNUM, 22, 24, WEAK)
add('browserbase_key', 'bb_live_', URL64, 24, 40, WEAK)
add('wandb_key', 'wandb_v1_', WORD, 70, 90)
// Social.
add('facebook_token', 'EAAM EAAC EAAG EAAB EAAD', ALNUM, 80, 400, WEAK)
add('twitter_bearer', 'AAAAAAAAAAAAAAAAAAAAA', URL64 | IN.base64, 60, 160)
add('settlemint_token', 'sm_pat_ sm_aat_ sm_sat_', ALNUM, 16)
add('adobe_secret', 'p8e-', ALNUM, 32)

/** Formats by the code of their first two characters, the longest prefix first: one look refuses nearly everything. */
const byPair = new Map<number, TokenFormat[]>()
const openings = new Uint8Array(128 * 128)
for (const format of formats) {
  const pair = format.prefix.charCodeAt(0) * 128 + format.prefix.charCodeAt(1)
  const list = byPair.get(pair)
  if (list === undefined) byPair.set(pair, [format])
  else list.push(format)
  openings[pair] = 1
}
for (const list of byPair.values()) list.sort((a, b) => b.prefix.length - a.prefix.length)

const NONE: readonly TokenFormat[] = []
/** Formats whose prefix may begin at `at`. */
export function formatsAt(text: string, at: number): readonly TokenFormat[] {
  const first = text.charCodeAt(at)
  const second = text.charCodeAt(at + 1)
  if (first > 127 || !(second < 128) || openings[first * 128 + second] === 0) return NONE
  return byPair.get(first * 128 + second) ?? NONE
}
