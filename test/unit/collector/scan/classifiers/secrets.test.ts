/** What the classifier of secrets finds, proves, and leaves alone. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { secrets } from '../../../../../collector/scan/classifiers/secrets.ts'
import { scannerOf } from '../../../../../collector/scan/scan.ts'
import { awsKeyId, chars, githubToken, hex, jwt, pem, upperDigits, withCrc } from '../../../../fakes/secrets.ts'

const { scanText } = scannerOf([secrets])
const find = (text: string, path = 'content[0].text', surface: 'result' | 'definition' = 'result') =>
  scanText(text, { surface, role: 'unknown', path, toolName: '', otherTools: new Set() }).hits
const classOf = (text: string, path?: string) => find(text, path).map((hit) => hit.class)

const j = (...parts: string[]) => parts.join('')
const LIVE: Record<string, string> = {
  'secret.github_token': githubToken('a'),
  'secret.npm_token': withCrc(j('np', 'm_'), 'b'),
  'secret.gitlab_token': j('glp', 'at-', chars('c', 20)),
  'secret.slack_token': j('xo', 'xb-', '2489013377', '-', '2489013378', '-', chars('d', 24)),
  'secret.slack_webhook': j(
    'https://hooks.sl',
    'ack.com/services/T0',
    upperDigits('e', 8),
    '/B0',
    upperDigits('f', 8),
    '/',
    chars('g', 24),
  ),
  'secret.stripe_key': j('sk_', 'live_', chars('h', 24)),
  'secret.aws_key_id': awsKeyId('i'),
  'secret.gcp_api_key': j('AI', 'za', chars('k', 35)),
  'secret.google_client_secret': j('GOC', 'SPX-', chars('l', 28)),
  'secret.openai_key': j('sk-', 'proj-', chars('m', 64)),
  'secret.anthropic_key': j('sk-', 'ant-api03-', chars('n', 93), 'AA'),
  'secret.huggingface_token': j('h', 'f_', chars('o', 34)),
  'secret.sendgrid_key': j('S', 'G.', chars('p', 22), '.', chars('q', 43)),
  'secret.twilio_key': j('S', 'K', hex('r', 32)),
  'secret.telegram_token': j('7012345678', ':A', chars('s', 34)),
  'secret.discord_token': j(
    Buffer.from('112233445566778899').toString('base64url'),
    '.',
    chars('t', 6),
    '.',
    chars('u', 38),
  ),
  'secret.digitalocean_token': j('dop', '_v1_', hex('v', 64)),
  'secret.shopify_token': j('shp', 'at_', hex('w', 32)),
  'secret.databricks_token': j('da', 'pi', hex('x', 32)),
  'secret.grafana_token': j('gl', 'sa_', chars('y', 32), '_', hex('z', 8)),
  'secret.linear_key': j('lin_', 'api_', chars('aa', 40)),
  'secret.postman_key': j('PM', 'AK-', hex('ab', 24), '-', hex('ac', 34)),
  'secret.vault_token': j('hv', 's.', chars('ad', 92)),
  'secret.docker_token': j('dckr', '_pat_', chars('ae', 27)),
  'secret.pypi_token': j(
    'py',
    'pi-',
    Buffer.from(`\u0002\u0001\u0008pypi.org\u0002${chars('af', 60)}`).toString('base64url'),
  ),
  'secret.mailchimp_key': j(hex('ag', 32), '-us12'),
  'secret.terraform_token': j(chars('ah', 14), '.atlas', 'v1.', chars('ai', 66)),
  'secret.azure_client_secret': j(chars('aj', 3), '8', 'Q~', chars('ak', 34)),
  'secret.jwt': jwt('al'),
  'secret.private_key': pem('am', 'RSA PRIVATE KEY'),
  'secret.database_url': `postgresql://app:${chars('an', 14)}@db.internal:5432/orders`,
  'secret.url_password': `https://deploy:${chars('ao', 14)}@git.internal/team/repo`,
  'secret.basic_auth': `Basic ${Buffer.from(`svc:${chars('ap', 14)}`).toString('base64')}`,
  'secret.azure_storage_key': `DefaultEndpointsProtocol=https;AccountName=logs;AccountKey=${chars('aq', 86)}==`,
  'secret.azure_sas': `https://logs.blob.core.windows.net/c?sv=2024-01-01&se=2026-01-01&sp=r&sig=${chars('ar', 43)}%3D`,
  'secret.password': 'DB_PASSWORD=Tr0ub4dor&3x!',
}

describe('the classifier of secrets', () => {
  it.each(Object.entries(LIVE))('finds %s alone, in JSON, in a sentence and escaped', (kind, token) => {
    for (const text of [token, JSON.stringify({ id: 7, note: token }), `It is ${token} they said`, `a\\n${token}\\n`]) {
      const hits = find(text)
      expect(
        hits.map((hit) => hit.class),
        text,
      ).toContain(kind)
      expect(hits.find((hit) => hit.class === kind)!.verdict).toBe('malicious')
    }
  })

  it('spans exactly the token', () => {
    const token = githubToken('span')
    expect(find(`before ${token}, after`)[0]!.span).toBe(token)
  })

  it('proves a checksum, and says less of one that is wrong', () => {
    const token = githubToken('crc')
    const broken = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a')
    expect(find(token)[0]).toMatchObject({ validated: true, score: 0.99 })
    expect(find(broken)[0]).toMatchObject({ class: 'secret.github_token', score: 0.7 })
    expect(find(broken)[0]!.validated).toBeUndefined()
    expect(find(jwt('proved'))[0]!.validated).toBe(true)
  })

  it.each([
    ['api_key', (v: string) => `api_key = "${v}"`],
    ['a header', (v: string) => `Authorization: Bearer ${v}`],
    ['a cookie', (v: string) => `Cookie: theme=dark; session=${v}`],
    ['a JSON field', (v: string) => JSON.stringify({ user: 'x', client_secret: v })],
    ['a query string', (v: string) => `https://api.example.com/v1?access_token=${v}&page=2`],
    ['a command line', (v: string) => `deploy --token ${v} --yes`],
    ['a sentence', (v: string) => `your API key is ${v}`],
    ['a vendor', (v: string) => `DATADOG_APP: ${v}`],
  ])('finds a random value called a secret by %s', (_, write) => {
    const value = chars(`generic${write('')}`, 32)
    expect(find(write(value)).map((hit) => hit.span)).toContain(value)
  })

  it('takes the name of a whole value from its path', () => {
    const value = chars('path', 32)
    expect(classOf(value, 'args.credentials.token')).toEqual(['secret.generic'])
    expect(classOf('Sn0wcrash!9', 'args.password')).toEqual(['secret.password'])
    expect(classOf(value, 'args.query')).toEqual([])
  })

  it('finds what is percent-encoded, base64 or hex', () => {
    const token = githubToken('wrapped')
    for (const text of [
      encodeURIComponent(`x=${token}`),
      [...Buffer.from(token)].map((byte) => `%${byte.toString(16)}`).join(''),
      Buffer.from(`token ${token}`).toString('base64'),
      Buffer.from(token).toString('hex'),
    ])
      expect(classOf(text), text).toContain('secret.github_token')
  })

  it.each([
    ['a placeholder', `api_key = "your-api-key-goes-here-1234"`],
    ['a row of x', `token: ${j('gh', 'p_')}${'x'.repeat(36)}`],
    ['the key of the AWS manual', j('AKIA', 'IOSFODNN7', 'EXAMPLE')],
    ['a template', `password=${'$'}{DB_PASSWORD} token={{ secrets.TOKEN }}`],
    ['a commit', `commit ${hex('commit', 40)}`],
    ['a UUID', `"id": "${randomUUID()}"`],
    ['a hash', `sha256:${hex('hash', 64)}`],
    ['an integrity value', `"integrity": "sha512-${chars('integrity', 86)}=="`],
    ['a page token', `{"nextPageToken":"${chars('page', 48)}"}`],
    ['a public key', pem('public', 'PUBLIC KEY')],
    ['an image', `data:image/png;base64,iVBORw0KGgo${chars('image', 3000)}`],
    ['an address without password', 'see https://user@example.com/a:b@c and postgres://localhost/db'],
    ['words with hyphens', 'token: my-very-long-service-account-name-2024'],
    ['minified code', '!function(e,t){var n=e.token||t.apiKeyProvider1,r=e.getAuthTokenForUser2024(n)};'],
    ['a contract address', `"token": "0x${hex('contract', 40)}"`],
  ])('leaves alone %s', (_, text) => {
    expect(find(text).filter((hit) => hit.verdict !== 'benign')).toEqual([])
  })

  it('reads hostile text without harm and stays within its bounds', () => {
    for (const piece of [
      'eyJ-',
      '://',
      'curl -u ',
      '-----BEGIN PRIVATE KEY-----\n',
      'word=',
      '&sig=',
      'Basic ',
      'xoxb-1-',
      'ghp_',
      '\ud800',
    ])
      expect(find(piece.repeat(8_000)).length).toBeLessThanOrEqual(256)
  })
})
