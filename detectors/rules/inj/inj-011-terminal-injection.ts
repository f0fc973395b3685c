/** Terminal control in what a tool returns or is given: shown in a terminal or a log it hides, rewrites or copies. */
import { z } from 'zod'
import {
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  sawContent,
} from '../../content/content-severity.ts'
import { defineRule } from '../../rule.ts'
import { match, noMatch } from './examples/inj-011-terminal-injection.ts'

/** What programs print that are made for a terminal. */
const PRINTED: ReadonlySet<string> = new Set(
  ['colour', 'cursor', 'sequence', 'overwrite', 'backspace', 'title', 'hyperlink', 'reset'].map(
    (kind) => `terminal.${kind}`,
  ),
)

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
  examples: { match, noMatch },
})
