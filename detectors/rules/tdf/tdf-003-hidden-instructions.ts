/** What a server declares, its tools and instructions, gives the model orders, hides text from people or leads data away. */
import { z } from 'zod'
import {
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  sawContent,
} from '../../content/content-severity.ts'
import { finds, tagged } from '../../content/sample-content.ts'
import { defineRule } from '../../rule.ts'
import { allGraded, example, sample } from '../../sample.ts'

const FAMILIES: ReadonlySet<string> = new Set([
  'injection',
  'unicode',
  'homoglyph',
  'terminal',
  'exfiltration',
  'attack',
])
const at = { contentPath: 'description', domains: ['drop.example'] }
const inName = { contentPath: 'name' }
const inShell = { parameterRole: 'shell' } as const
const encoded = finds('instructions', 'injection.override', 'suspicious', { tool: '', decodings: ['base64'] })
const reviewed = tagged('tools', 'fetch=reviewed_text')

export default defineRule({
  id: 'tdf-003-hidden-instructions',
  version: 1,
  title: 'Hidden or malicious instructions in a definition',
  severity: 'high',
  why: 'The model takes the description of a tool for the truth. Whoever writes it can order what no user asked for, and no user reads it.',
  falsePositives: [
    'Manuals that say which tool to use first: orders are judged by what is ordered, never by tone, and a doubtful one is medium.',
    'A tool that was reviewed: tag it `reviewed_text`, then what is only suspicious in it is low.',
    'Emoji, flags and right-to-left languages are not reported by the classifiers.',
  ],
  blindSpots: [
    'A definition whose words are harmless and whose code is not.',
    'Text that is added to the definition behind the server: only a client sees that.',
    'Orders in pictures, and in languages that the classifiers do not read.',
  ],
  triage: [
    'Read the definition as the model gets it, with invisible characters shown: what is ordered, and for whom?',
    'Since when is it served? List the calls under its definition hash.',
    'Take the server out of use until its author explains the text; revoke what a named secret could open.',
  ],
  refs: [
    'MCP03:2025',
    'MCP06:2025',
    'AML.T0051.001',
    'AML.T0068',
    'AML.T0110',
    'SAFE-T1001',
    'SAFE-T1402',
    'SAFE-T1501',
  ],
  asksInventory: true,
  requires: {
    'content.finding': [...CONTENT_FIELDS, 'tool'],
  },
  occasional: ['content.finding', 'parameterRole', 'decodings', 'validated', 'domains', 'tool'],
  config: z.object({}),
  per: 'tool',
  check: {
    'content.finding'(e) {
      if (e.surface !== 'definition' && e.surface !== 'instructions') return
      if (!FAMILIES.has(familyOf(e.findingClass))) return
      const found = contentSeverity(e)
      if (found === undefined) return
      const isKnown = e.verdict === 'suspicious' && e.tagsOf('tools', e.tool).includes('reviewed_text')
      const severity = isKnown ? 'low' : found
      const expected = 'a definition that only says what the tool does'
      return { severity, saw: sawContent(e), expected, evidence: contentEvidence(e) }
    },
  },
  examples: {
    match: [
      ...allGraded(
        'high',
        example('tag characters in a description', finds('definition', 'unicode.tag', 'malicious', at)),
        example('an order to conceal', finds('definition', 'injection.conceal', 'malicious', at)),
        example('a turn of a conversation', finds('definition', 'injection.role_marker')),
        example('a colour code in a description', finds('definition', 'terminal.colour', 'suspicious')),
        example('a name in two alphabets', finds('definition', 'homoglyph.mixed_script', 'malicious', inName)),
        example('a link that carries a secret', finds('definition', 'exfiltration.slot')),
        example('a doubtful order in the instructions of the server, encoded', encoded),
        example('an attack in an example value', finds('definition', 'attack.command_injection', 'malicious', inShell)),
        example('a reviewed text that gets worse', reviewed, finds('definition', 'injection.conceal')),
      ),
      ...allGraded(
        'medium',
        example('a doubtful order', finds('definition', 'injection.priority', 'suspicious')),
        example('a carriage return that overwrites', finds('definition', 'terminal.overwrite')),
        example('a backspace that overwrites', finds('definition', 'terminal.backspace', 'suspicious')),
      ),
      ...allGraded(
        'low',
        example('a doubtful order in a reviewed text', reviewed, finds('definition', 'unicode.bidi', 'suspicious')),
      ),
    ],
    noMatch: [
      example('a family emoji and an important note about dates', sample('tools.registry', { registrySource: 'list' })),
      example('a manner of speaking', finds('definition', 'injection.priority', 'benign', { score: 0.49 })),
      example('a classifier that says nothing', finds('definition', 'injection.priority', 'unknown')),
      example('the same in a result is the business of inj-001', finds('result', 'injection.conceal')),
      example('a mail address of the author', finds('definition', 'pii.email', 'malicious', { validated: true })),
      example('a class of no family', finds('definition', 'conceal')),
    ],
  },
})
