/** Terminal control in what a tool returns or is given: shown in a terminal or a log it hides, rewrites or copies. */
import { z } from 'zod'
import { CONTENT_FIELDS, contentEvidence, contentSeverity, familyOf, sawContent } from '../../content-severity.ts'
import { defineRule } from '../../rule.ts'
import { example, type Sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'

/** What programs print that are made for a terminal. */
const PRINTED: ReadonlySet<string> = new Set(
  ['colour', 'cursor', 'sequence', 'overwrite', 'backspace', 'title', 'hyperlink', 'reset'].map(
    (kind) => `terminal.${kind}`,
  ),
)
type Verdict = Parameters<typeof finds>[2]
const prints = (kind: string, verdict: Verdict, more: Parameters<typeof finds>[3] = {}): Sample =>
  finds('result', `terminal.${kind}`, verdict, { tool: 'shell', contentPath: 'content[0].text', ...more })
const cli = tagged('tools', 'shell=ansi_ok')

export default defineRule({
  id: 'inj-011-terminal-injection',
  version: 1,
  title: 'Terminal control in content',
  severity: 'medium',
  why: 'Whoever reads a result or a log in a terminal sees what the sequence wants: hidden lines, other words, a clipboard that was filled.',
  falsePositives: [
    'Tools that print for terminals: tag them `ansi_ok`; then only what hides text or fills the clipboard is reported.',
    'Colours of any other tool are low.',
  ],
  blindSpots: [
    'Names, trace and baggage fields: control characters in them are taken out before the event is made.',
    'Sequences that only one kind of terminal knows, and output that never passes MCP.',
  ],
  triage: [
    'Does the tool print for people, or did the content come from elsewhere?',
    'What would the sequence have done? Look at it with control characters shown.',
    'Make hosts and logs escape control characters.',
  ],
  refs: ['MCP05:2025', 'T1059'],
  asksInventory: true,
  requires: { 'content.finding': [...CONTENT_FIELDS, 'tool'] },
  occasional: ['content.finding', 'parameterRole', 'decodings', 'validated', 'domains', 'tool'],
  config: z.object({}),
  per: 'tool',
  check: {
    'content.finding'(e) {
      if (familyOf(e.findingClass) !== 'terminal' || e.surface === 'definition' || e.surface === 'instructions') return
      const severity = contentSeverity(e)
      if (severity === undefined) return
      if (PRINTED.has(e.findingClass) && e.tagsOf('tools', e.tool).includes('ansi_ok')) return
      return { severity, saw: sawContent(e), expected: 'text without control sequences', evidence: contentEvidence(e) }
    },
  },
  examples: {
    match: [
      example('a sequence that fills the clipboard', prints('clipboard', 'malicious')),
      example('text that is not shown', cli, prints('conceal', 'malicious', { validated: true })),
      example('a colour of a tool that nobody tagged', prints('colour', 'benign', { score: 0.2 })),
      example('a title of a window', prints('title', 'suspicious', { domains: ['x.example'] })),
      example('in arguments', finds('arguments', 'terminal.cursor', 'malicious', { parameterRole: 'text' })),
      example(
        'in an error, escaped',
        finds('error', 'terminal.sequence', 'suspicious', { decodings: ['unicode_escape'] }),
      ),
      example('lines that overwrite others', prints('overwrite', 'suspicious')),
    ],
    noMatch: [
      example('colours of a tool that is tagged', cli, prints('colour', 'benign')),
      example('a title of a tool that is tagged', cli, prints('title', 'suspicious')),
      example('a colour in arguments', finds('arguments', 'terminal.colour', 'benign')),
      example('in a definition it is the business of tdf-003', finds('definition', 'terminal.cursor')),
      example('in instructions as well', finds('instructions', 'terminal.cursor')),
      example('an invisible character is no sequence', finds('result', 'unicode.tag')),
    ],
  },
})
