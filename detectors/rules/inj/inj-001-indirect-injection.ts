/** What a tool returns, a resource or a prompt gives the model orders that no user gave. */
import { z } from 'zod'
import { agreedSeverity, noAgreement } from '../../content/content-agreement.ts'
import {
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  sawContent,
} from '../../content/content-severity.ts'
import { defineRule, minutes } from '../../rule.ts'
import { match, noMatch } from './examples/inj-001-indirect-injection.ts'

const READ: ReadonlySet<string> = new Set(['result', 'resource', 'prompt', 'error'])
const FAMILIES: ReadonlySet<string> = new Set(['injection', 'unicode', 'homoglyph', 'exfiltration'])

export default defineRule({
  id: 'inj-001-indirect-injection',
  version: 2,
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
      : READ.has(e.surface) && FAMILIES.has(familyOf(e.findingClass)) && contentSeverity(e) !== undefined,
  on: {
    'outbound.request'(_, seen) {
      seen.isTrusted = true
    },
    'content.finding'(e, seen) {
      const found = agreedSeverity(e, contentSeverity(e)!, seen)
      const isTrusted = seen.isTrusted || e.tagsOf('tools', e.tool).includes('trusted_source')
      const severity = isTrusted ? 'low' : found
      const evidence = { ...contentEvidence(e), detectors: [...seen.detectors] }
      return { severity, saw: sawContent(e), expected: 'content without orders to the model', evidence }
    },
  },
  examples: { match, noMatch },
})
