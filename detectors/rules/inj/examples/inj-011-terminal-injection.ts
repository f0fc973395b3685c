/** Examples of inj-011: what a terminal obeys, and where it stands. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, type Sample } from '../../../sample.ts'

type Verdict = Parameters<typeof finds>[2]
const prints = (kind: string, verdict: Verdict, more: Parameters<typeof finds>[3] = {}): Sample =>
  finds('result', `terminal.${kind}`, verdict, { tool: 'shell', contentPath: 'content[0].text', ...more })
const cli = tagged('tools', 'shell=ansi_ok')

export const match: readonly Example[] = [
  ...allGraded(
    'medium',
    example('a sequence that fills the clipboard', prints('clipboard', 'malicious')),
    example('text that is not shown', cli, prints('conceal', 'malicious', { validated: true })),
    example('in arguments', finds('arguments', 'terminal.cursor', 'malicious', { parameterRole: 'text' })),
  ),
  ...allGraded(
    'low',
    example('a colour of a tool that nobody tagged', prints('colour', 'benign', { score: 0.2 })),
    example('a title of a window', prints('title', 'suspicious', { domains: ['x.example'] })),
    example(
      'in an error, escaped',
      finds('error', 'terminal.sequence', 'suspicious', { decodings: ['unicode_escape'] }),
    ),
    example('lines that overwrite others', prints('overwrite', 'suspicious')),
  ),
]
export const noMatch: readonly Example[] = [
  example('colours of a tool that is tagged', cli, prints('colour', 'benign')),
  example('a title of a tool that is tagged', cli, prints('title', 'suspicious')),
  example('a colour in arguments', finds('arguments', 'terminal.colour', 'benign')),
  example('in a definition it is the business of tdf-003', finds('definition', 'terminal.cursor')),
  example('in instructions as well', finds('instructions', 'terminal.cursor')),
  example('an invisible character is no sequence', finds('result', 'unicode.tag')),
]
