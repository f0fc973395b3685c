/** A tool asks clients to repeat a sensitive parameter in a header. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, hashOf, sample } from '../../sample.ts'
import { judgeMirrored, judgeValue, noMirrored } from '../../transport/mirrored-secrets.ts'

const other = { name: 'other', hash: hashOf('other') }
const shows = (...mirrored: string[]) =>
  sample('tools.registry', { definitions: [{ name: 'query', hash: hashOf(mirrored.join()), mirrored }, other] })
type Found = NonNullable<Parameters<typeof sample<'content.finding'>>[1]>
const found = (findingClass: string, contentPath: string, more: Found = {}) =>
  sample('content.finding', { tool: 'query', surface: 'arguments', findingClass, contentPath, ...more })

export default defineRule({
  id: 'trn-005-mirrored-secret',
  version: 1,
  title: 'Sensitive parameter mirrored to a header',
  severity: 'medium',
  why: 'Headers stand in the logs of every proxy on the way, and bodies do not: the secret is copied to all of them.',
  falsePositives: [
    'Names that only resemble one (tokenCount, pageToken) do not count; a classified value in the same parameter does.',
  ],
  blindSpots: [
    'A sensitive parameter whose name says nothing, until a classifier knows a value of it.',
    'Values that no classifier knows, and producers that do not scan content.',
  ],
  triage: [
    'Take x-mcp-header off the property.',
    'Which logs of proxies hold Mcp-Param headers? Clean them, and change the secrets that were sent.',
  ],
  refs: ['MCP01:2025', 'MCP10:2025', 'T1552'],
  requires: {
    'definition.seen': ['mirrored', 'tool'],
    'content.finding': ['tool', 'surface', 'findingClass', 'contentPath'],
  },
  occasional: ['mirrored', 'content.finding'],
  applies: { eras: ['modern'], transports: ['http', 'sse_legacy'] },
  config: z.object({}),
  per: 'tool',
  ttl: days(400),
  cooldown: days(1),
  cell: noMirrored,
  where: (e) => e.type === 'definition.seen' || (e.surface === 'arguments' && /^(secret|pii)\./.test(e.findingClass)),
  on: {
    'definition.seen': (e, cell) => judgeMirrored(e, cell),
    'content.finding': (e, cell) => judgeValue(e, cell),
  },
  examples: {
    match: [
      example('apiKey is mirrored', shows('apiKey')),
      example('inside an object, in another spelling', shows('region', 'auth.API_KEY')),
      example('a password', shows('user-password')),
      example('a token', shows('accessToken')),
      example('a mail address', shows('email')),
      example('a secret in a plain parameter', shows('region'), found('secret.github_token', 'args.region')),
      example('a person in one', shows('region', 'who'), found('pii.ssn', 'who')),
      example('after its harmless name', shows('tokenCount'), found('secret.jwt', 'args.tokenCount')),
    ],
    noMatch: [
      example('region is mirrored', shows('region')),
      example('how many tokens', shows('tokenCount', 'maxTokens', 'max_token', 'token_type')),
      example('the next page', shows('pageToken', 'next_token', 'token.page', 'key', 'hasPassword')),
      example('the object is called so, not the value', shows('token.region', 'secretary', 'email.domain')),
      example('a secret in a parameter that is not mirrored', shows('region'), found('secret.jwt', 'args.body')),
      example('a secret in a result', shows('region'), found('secret.jwt', 'args.region', { surface: 'result' })),
      example('of another tool', shows('region'), found('secret.jwt', 'args.region', { tool: 'other' })),
      example('other content', shows('region'), found('injection.override', 'args.region')),
      example('it is not mirrored any more', shows('region'), shows(), found('secret.jwt', 'args.region')),
    ],
  },
})
