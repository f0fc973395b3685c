/** What a tool returns, a resource or a prompt gives the model orders that no user gave. */
import { z } from 'zod'
import { agreedSeverity, noAgreement } from '../../content-agreement.ts'
import { CONTENT_FIELDS, contentEvidence, familyOf, isAtLeast, sawContent } from '../../content-severity.ts'
import { defineRule, minutes } from '../../rule.ts'
import { example, type Sample, sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'

const READ: ReadonlySet<string> = new Set(['result', 'resource', 'prompt', 'error'])
const FAMILIES: ReadonlySet<string> = new Set(['injection', 'unicode', 'homoglyph', 'exfiltration'])
const marker = finds('result', 'injection.role_marker', 'malicious')
const order = finds('result', 'injection.command', 'suspicious', { contentPath: 'content[0].text' })
const asks = (destinationHost: string, redirects = 0, request = 'r1'): Sample =>
  sample('outbound.request', { request, tool: 'fetch', destinationHost, redirects })
const WIKI = 'wiki.example.com'
const ours = tagged('destinations', `${WIKI}=trusted_content`)

export default defineRule({
  id: 'inj-001-indirect-injection',
  version: 1,
  title: 'Injected instructions in returned content',
  severity: 'high',
  why: 'A model cannot tell a document from its user. Whoever can write what a tool reads can give it orders.',
  falsePositives: [
    'Writing about injection: quoted and described orders weigh little, and a doubtful one is medium.',
    'Content of one’s own: tag the tool `trusted_source`, or the host it is fetched from `trusted_content`; then it is low.',
    'Transcripts of chats: a marker of a turn is medium until an order stands beside it.',
  ],
  blindSpots: [
    'Whether the model obeyed: the server does not see its plan; inj-006 sees what is called next.',
    'Orders in plain polite prose, in pictures and sounds, and beyond the bounds of scanning.',
    'Which host content came from, where the server’s outbound requests are not watched.',
    'Spotlighting and other marks that a host puts around content are made behind the server.',
  ],
  triage: [
    'Where did the content come from, and who can write there?',
    'What was called after it in the same trace, and with which destinations?',
    'Take the source out, and make consequential tools ask a person.',
  ],
  refs: ['MCP06:2025', 'MCP10:2025', 'AML.T0051.001', 'AML.T0066', 'AML.T0093'],
  asksInventory: true,
  requires: {
    'content.finding': [...CONTENT_FIELDS, 'tool', 'request', 'detector'],
    'outbound.request': ['request', 'destinationHost', 'redirects'],
  },
  occasional: ['content.finding', 'outbound.request', 'parameterRole', 'decodings', 'validated', 'domains', 'tool'],
  config: z.object({}),
  per: 'request',
  about: 'tool',
  ttl: minutes(10),
  cell: noAgreement,
  where: (e) =>
    e.type === 'outbound.request'
      ? e.redirects === 0 && e.tagsOf('destinations', e.destinationHost).includes('trusted_content')
      : READ.has(e.surface) && FAMILIES.has(familyOf(e.findingClass)) && e.verdict !== 'benign',
  on: {
    'outbound.request'(_, seen) {
      seen.isTrusted = true
    },
    'content.finding'(e, seen) {
      const found = agreedSeverity(e, seen)
      if (found === undefined) return
      const isTrusted = seen.isTrusted || e.tagsOf('tools', e.tool).includes('trusted_source')
      const severity = isTrusted && isAtLeast(found, 'low') ? 'low' : found
      const evidence = { ...contentEvidence(e), detectors: [...seen.detectors] }
      return { severity, saw: sawContent(e), expected: 'content without orders to the model', evidence }
    },
  },
  examples: {
    match: [
      example(
        'a hidden part orders to call an export and send it away',
        finds('result', 'injection.recipient', 'malicious', { domains: ['attacker.example'], validated: true }),
      ),
      example('a doubtful order in a resource', finds('resource', 'injection.memory', 'suspicious', { tool: '' })),
      example('a marker of a turn', marker),
      example('a marker and an order', marker, order),
      example(
        'two detectors agree',
        order,
        finds('result', 'injection.guardrail', 'malicious', { detector: 'shield' }),
      ),
      example('invisible characters', finds('error', 'unicode.zero_width', 'malicious', { decodings: ['html'] })),
      example('a picture that carries talk away', finds('result', 'exfiltration.slot', 'suspicious')),
      example(
        'letters of two alphabets',
        finds('prompt', 'homoglyph.mixed_script', 'malicious', { parameterRole: 'text' }),
      ),
      example('a tool of one’s own', tagged('tools', 'fetch=trusted_source'), order),
      example('a tool of another tag', tagged('tools', 'fetch=egress'), order),
      example('a host of one’s own', ours, asks(WIKI), order),
      example('a host of one’s own redirects elsewhere', ours, asks(WIKI, 1), order),
      example('a host of one’s own in another call', ours, asks(WIKI, 0, 'r2'), order),
      example('a host that nobody tagged', ours, asks('blog.example.net'), order),
      example(
        'in two calls nothing adds up',
        marker,
        finds('result', 'injection.command', 'suspicious', { request: 'r2' }),
      ),
    ],
    noMatch: [
      example('an article explains injection in a block of code', finds('result', 'injection.override', 'benign')),
      example('an order in a definition is the business of tdf-003', finds('definition', 'injection.override')),
      example('an order in arguments is the business of inj-002', finds('arguments', 'injection.override')),
      example('a secret in a result', finds('result', 'secret.github_token')),
      example('a detector that cannot say', finds('result', 'injection.override', 'unknown')),
    ],
  },
})
