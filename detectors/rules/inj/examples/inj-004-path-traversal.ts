/** Examples of inj-004: paths in arguments and URIs of resources, over HTTP and over stdio. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, exampleWith, type Sample, sample } from '../../../sample.ts'

type Words = Parameters<typeof finds>[3]
const passes = (kind: string, verdict: 'malicious' | 'suspicious' = 'malicious', more: Words = {}): Sample =>
  finds('arguments', `attack.${kind}`, verdict, {
    tool: 'read',
    parameterRole: 'path',
    contentPath: 'args.path',
    ...more,
  })
const reads = (uriClass: string, more: Parameters<typeof sample<'resource.read'>>[1] = {}): Sample =>
  sample('resource.read', { uriClass, uriScheme: 'file', decision: 'allow', transport: 'http', ...more })
const stdio = { transport: 'stdio' } as const
const refused = { decision: 'deny' } as const
const secrets = tagged('tools', 'read=reads_secrets')

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('`..` encoded twice', passes('path_traversal', 'malicious', { decodings: ['percent', 'percent'] })),
    example('a climb, over stdio', passes('path_traversal', 'malicious', stdio)),
    example('a private key', passes('sensitive_file')),
    example('a tool for secrets climbs', secrets, passes('path_traversal')),
    exampleWith({ secretTools: ['env'] }, 'another tool opens one', passes('sensitive_file')),
    example('a resource outside', reads('traversal')),
    example('a resource outside, over stdio', reads('traversal', stdio)),
    example('a resource that holds credentials', reads('sensitive_path')),
  ),
  ...allGraded(
    'medium',
    example('a doubtful climb', passes('path_traversal', 'suspicious')),
    example('a private key, over stdio', passes('sensitive_file', 'malicious', stdio)),
    example('a doubtful file, over stdio', passes('sensitive_file', 'suspicious', stdio)),
    example('it is refused', passes('null_byte', 'malicious', { ...refused, validated: true })),
    example(
      'a share of another machine',
      passes('unc_path', 'suspicious', { domains: ['10.0.0.1'], parameterRole: 'url' }),
    ),
    example('a resource that holds credentials, over stdio', reads('sensitive_path', stdio)),
  ),
  ...allGraded(
    'low',
    example(
      'of a red team',
      tagged('principals', '616c696365=red_team'),
      passes('sensitive_file', 'malicious', { principal: 'alice' }),
    ),
    example('a resource outside is refused', reads('traversal', { ...refused, uriScheme: 'repo' })),
  ),
]
export const noMatch: readonly Example[] = [
  example('`a/../b` stays inside', finds('arguments', 'attack.path_traversal', 'benign')),
  example('an example of an environment file', sample('tool.call', { tool: 'read' })),
  example('a tool for secrets', secrets, passes('sensitive_file')),
  exampleWith({ secretTools: ['read'] }, 'a listed tool', passes('sensitive_file')),
  example('a command is the business of inj-003', passes('command_injection')),
  example('a path that a result shows', finds('result', 'attack.path_traversal')),
  example('a resource of the server', reads('registered'), reads('unknown')),
]
