/** An order is written into a memory, where every later session finds it. */
import { z } from 'zod'
import {
  asProbe,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content/content-severity.ts'
import { isDeed, isMemory, isPoison } from '../../content/memory-tool.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { match, noMatch } from './examples/inj-008-memory-poisoning.ts'

export default defineRule({
  id: 'inj-008-memory-poisoning',
  version: 1,
  title: 'Instruction written into a memory',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'A memory is read as the model’s own: one sentence in it steers every later session, long after its source is gone.',
  falsePositives: [
    'Standing preferences of a user, such as a language or units: only orders that name a deed, a secret, a tool or a recipient count.',
    'Notes about injection: quoted and described orders weigh little.',
  ],
  blindSpots: [
    'Memories whose name does not say so: tag them `persistent_memory`.',
    'False facts that order nothing; what is written by one and read by another tenant is the business of scp-007.',
    'Documents that are taken into an index behind the server.',
  ],
  triage: [
    'What was stored, from which content did the model have it, and for whom?',
    'Who has read it since? List the calls of the tools that read this memory.',
    'Delete the entry and look for others of the same source.',
  ],
  refs: ['MCP10:2025', 'MCP06:2025', 'AML.T0080.000', 'AML.T0070', 'SAFE-T2106'],
  asksInventory: true,
  requires: { 'content.finding': [...CONTENT_FIELDS, 'tool'] },
  occasional: ['content.finding', 'parameterRole', 'decodings', 'validated', 'domains'],
  config: z.object({}),
  per: 'tool',
  check: {
    'content.finding'(e) {
      if (e.surface !== 'arguments') return
      if (!isPoison(e.findingClass)) return
      const found = contentSeverity(e)
      if (found === undefined || !isMemory(e)) return
      const grade = isDeed(e.findingClass) ? 'high' : found
      const severity = wasRefused(e) ? asProbe(grade) : grade
      return { severity, saw: sawContent(e), expected: 'facts and preferences', evidence: contentEvidence(e) }
    },
  },
  examples: { match, noMatch },
})
