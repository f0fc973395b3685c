/** Examples of inj-008: what is written, and into which tools. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, type Sample } from '../../../sample.ts'

type Words = Parameters<typeof finds>[3]
const stores = (kind: string, verdict: 'malicious' | 'suspicious' = 'malicious', more: Words = {}): Sample =>
  finds('arguments', kind, verdict, { tool: 'add_memory', contentPath: 'args.text', ...more })

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('an order to include all secrets from now on', stores('injection.secret_path', 'suspicious')),
    example('a recipient', stores('injection.recipient', 'malicious', { domains: ['drop.example'], validated: true })),
    example('a link that carries talk away', stores('exfiltration.slot', 'suspicious', { parameterRole: 'text' })),
    example(
      'a tagged tool',
      tagged('tools', 'notes=persistent_memory'),
      stores('injection.conceal', 'malicious', { tool: 'notes' }),
    ),
  ),
  ...allGraded(
    'medium',
    example('invisible characters', stores('unicode.tag', 'malicious', { decodings: ['percent'] })),
    example('letters of two alphabets', stores('homoglyph.mixed_script')),
    example('it is refused', stores('injection.command', 'malicious', { decision: 'deny' })),
  ),
]
export const noMatch: readonly Example[] = [
  example('a user prefers metric units', finds('arguments', 'injection.memory', 'benign', { tool: 'add_memory' })),
  example('always answer in Norwegian', stores('injection.memory'), stores('injection.answer')),
  example('what may be an order', finds('arguments', 'injection.recipient', 'benign', { tool: 'add_memory' })),
  example('a tool that is no memory', stores('injection.recipient', 'malicious', { tool: 'notes' })),
  example('a memory is searched', stores('injection.recipient', 'malicious', { tool: 'search_memory' })),
  example('a memory is read', finds('result', 'injection.recipient', 'malicious', { tool: 'add_memory' })),
  example('a secret is the business of tok-015', stores('secret.github_token')),
]
