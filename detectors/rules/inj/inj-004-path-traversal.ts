/** A path that leads out of where a server looks, or to a file that holds credentials: in arguments, or as the URI of a resource. */
import { z } from 'zod'
import {
  asProbe,
  attackOn,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content-severity.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, type Sample, sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'

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

export default defineRule({
  id: 'inj-004-path-traversal',
  version: 1,
  title: 'Path traversal or access to a sensitive file',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'A path with `..` or an absolute one to keys and passwords reads what the server was never meant to show.',
  falsePositives: [
    'Agents that work with such files: tag the tool `reads_secrets`, or list it in secretTools; a path that climbs stays a finding.',
    'On stdio a server has the rights of the person it works for: a sensitive file without a climb is medium there.',
    'Files made to be shown, such as `.env.example`, and `..` that stays inside are not reported by the classifiers.',
    'Red teams: tag their principals `red_team`, then it is low.',
  ],
  blindSpots: [
    'Links in the file system, and roots of which only the server knows.',
    'A path that is put together from several arguments.',
    'Sensitive files of names that only this organisation uses.',
  ],
  triage: [
    'Was the file read: did the result carry a secret (tok-015), how large was it?',
    'Where did the model have the path from?',
    'Make the server resolve paths and compare them with its root before it opens anything.',
  ],
  refs: ['MCP05:2025', 'T1083', 'T1552.001', 'AML.T0037', 'SAFE-T1105'],
  asksInventory: true,
  requires: {
    'content.finding': [...CONTENT_FIELDS, 'tool', 'transport', 'principal'],
    'resource.read': ['uriClass', 'uriScheme', 'transport'],
  },
  occasional: ['content.finding', 'resource.read', 'principal', 'decodings', 'validated', 'domains'],
  config: z.object({
    secretTools: z.array(z.string()).default([]).describe('Tools that open files with credentials as their work.'),
  }),
  per: 'tool',
  check: {
    'content.finding'(e, { secretTools }) {
      if (e.surface !== 'arguments' || attackOn(e.findingClass) !== 'path') return
      const found = contentSeverity(e)
      if (found === undefined) return
      const isFile = e.findingClass === 'attack.sensitive_file'
      if (isFile && (secretTools.includes(e.tool) || e.tagsOf('tools', e.tool).includes('reads_secrets'))) return
      const isOwn = isFile && e.transport === 'stdio' && found === 'high'
      const isAnnounced = e.tagsOf('principals', e.principal).includes('red_team')
      const severity = isAnnounced ? 'low' : isOwn || wasRefused(e) ? asProbe(found) : found
      return { severity, saw: sawContent(e), expected: 'a path below the root', evidence: contentEvidence(e) }
    },
    'resource.read'(e) {
      const climbs = e.uriClass === 'traversal'
      if (!climbs && e.uriClass !== 'sensitive_path') return
      const isMild = !climbs && e.transport === 'stdio'
      const severity = wasRefused(e) ? 'low' : isMild ? 'medium' : 'high'
      return { severity, saw: `${e.uriClass} in a ${e.uriScheme} URI`, expected: 'a resource of the server' }
    },
  },
  examples: {
    match: [
      example('`..` encoded twice', passes('path_traversal', 'malicious', { decodings: ['percent', 'percent'] })),
      example('a doubtful climb', passes('path_traversal', 'suspicious')),
      example('a private key', passes('sensitive_file')),
      example('a private key, over stdio', passes('sensitive_file', 'malicious', stdio)),
      example('a doubtful file, over stdio', passes('sensitive_file', 'suspicious', stdio)),
      example('a climb, over stdio', passes('path_traversal', 'malicious', stdio)),
      example('it is refused', passes('null_byte', 'malicious', { decision: 'deny', validated: true })),
      example(
        'a share of another machine',
        passes('unc_path', 'suspicious', { domains: ['10.0.0.1'], parameterRole: 'url' }),
      ),
      example(
        'of a red team',
        tagged('principals', '616c696365=red_team'),
        passes('sensitive_file', 'malicious', { principal: 'alice' }),
      ),
      example('a tool for secrets climbs', tagged('tools', 'read=reads_secrets'), passes('path_traversal')),
      exampleWith({ secretTools: ['env'] }, 'another tool opens one', passes('sensitive_file')),
      example('a resource outside', reads('traversal')),
      example('a resource outside, over stdio', reads('traversal', stdio)),
      example('a resource that holds credentials', reads('sensitive_path')),
      example('the same over stdio', reads('sensitive_path', stdio)),
      example('it is refused as well', reads('traversal', { decision: 'deny', uriScheme: 'repo' })),
    ],
    noMatch: [
      example('`a/../b` stays inside', finds('arguments', 'attack.path_traversal', 'benign')),
      example('an example of an environment file', sample('tool.call', { tool: 'read' })),
      example('a tool for secrets', tagged('tools', 'read=reads_secrets'), passes('sensitive_file')),
      exampleWith({ secretTools: ['read'] }, 'a listed tool', passes('sensitive_file')),
      example('a command is the business of inj-003', passes('command_injection')),
      example('a path that a result shows', finds('result', 'attack.path_traversal')),
      example('a resource of the server', reads('registered'), reads('unknown')),
    ],
  },
})
