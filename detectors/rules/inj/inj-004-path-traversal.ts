/** A path that leads out of where a server looks, or to a file that holds credentials: in arguments, or as the URI of a resource. */
import { z } from 'zod'
import {
  asProbe,
  attackOn,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content/content-severity.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { match, noMatch } from './examples/inj-004-path-traversal.ts'

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
  examples: { match, noMatch },
})
