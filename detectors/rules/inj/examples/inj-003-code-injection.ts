/** Examples of inj-003: attacks in arguments, and the programs that a server starts after them. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, type Sample, sample } from '../../../sample.ts'

type Words = Parameters<typeof finds>[3]
const passes = (kind: string, verdict: 'malicious' | 'suspicious' = 'malicious', more: Words = {}): Sample =>
  finds('arguments', `attack.${kind}`, verdict, {
    tool: 'logs',
    parameterRole: 'path',
    contentPath: 'args.name',
    ...more,
  })
const starts = (more: Parameters<typeof sample<'side_effect'>>[1] = {}): Sample =>
  sample('side_effect', { request: 'r1', tool: 'logs', effectKind: 'exec', programName: 'sh', shell: true, ...more })
const doubtful = passes('command_injection', 'suspicious')
const mute = tagged('tools', 'logs=no_exec')
const redTeam = tagged('principals', '616c696365=red_team')
const announced = passes('xxe', 'malicious', { principal: 'alice' })
const text = { parameterRole: 'text' } as const
const refused = { decision: 'deny' } as const

export const match: readonly Example[] = [
  ...allGraded('critical', example('a tool that must not start programs', mute, starts({ shell: false }))),
  ...allGraded(
    'high',
    example('a second command behind a name', passes('command_injection')),
    example('one in a text', passes('script_injection', 'malicious', text)),
    example(
      'a download that is run',
      passes('download_and_run', 'malicious', { domains: ['x.example'], validated: true }),
    ),
    example('a doubtful one is run by a shell', doubtful, starts()),
    example(
      'a doubtful one is run as it is',
      passes('argument_injection', 'suspicious'),
      starts({ shell: false, argumentMatch: true, programName: 'git' }),
    ),
  ),
  ...allGraded(
    'medium',
    example('a doubtful one', passes('command_injection', 'suspicious', { score: 0.6 })),
    example('a refused one', passes('sql_injection', 'malicious', { ...refused, decodings: ['percent'] })),
    example('a program that takes nothing of it', doubtful, starts({ shell: false })),
    example('a program of another call is its own', doubtful, starts({ request: 'r2' })),
    example('a program before it is its own', starts(), doubtful),
  ),
  ...allGraded(
    'low',
    example('a doubtful one in a text', passes('formula_injection', 'suspicious', text)),
    example('a doubtful one that is refused', passes('xxe', 'suspicious', refused)),
    example('of a red team', redTeam, announced),
    example('of a red team, and it is run', redTeam, announced, starts()),
  ),
]
export const noMatch: readonly Example[] = [
  example(
    'a company and a quarter with `;` and `|` in a free text',
    finds('arguments', 'attack.command_injection', 'benign'),
  ),
  example('a path is the business of inj-004', passes('path_traversal')),
  example('an address is the business of inj-005', passes('ssrf')),
  example('an order is the business of inj-002', finds('arguments', 'injection.command')),
  example('an attack shown in a result', finds('result', 'attack.sql_injection')),
  example('a program without an attack', starts({ argumentMatch: true })),
  example('a program in another call', finds('arguments', 'attack.xxe', 'unknown', { request: 'r2' }), starts()),
  example('a file that such a tool writes', mute, starts({ effectKind: 'file_write', tool: 'logs' })),
  example('a program of another tool', mute, starts({ tool: 'git' })),
]
