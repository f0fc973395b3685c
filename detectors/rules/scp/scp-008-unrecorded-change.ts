/** Somebody changes a grant, a role or a setting, and no change record or deployment says why. */
import { z } from 'zod'
import { judgeChanges, noChanges, noteChange } from '../../access/unrecorded-changes.ts'
import { noDeployments, rememberDeployment } from '../../deployments.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'

type Grant = NonNullable<Parameters<typeof sample<'grant.changed'>>[1]>
const grants = (at: number, more: Grant = {}) =>
  sample('grant.changed', { ts: minutes(at), actor: 'carol', subjectKey: 'b0b', added: ['admin'], ...more })
type Setting = NonNullable<Parameters<typeof sample<'config.changed'>>[1]>
const sets = (at: number, more: Setting = {}) =>
  sample('config.changed', {
    ...{ ts: minutes(at), actor: 'carol', setting: 'auth.required', beforeHash: 'a1', afterHash: 'a2' },
    ...more,
  })
type Deployment = NonNullable<Parameters<typeof sample<'deployment.event'>>[1]>
const deployed = (at: number, more: Deployment = {}) =>
  sample('deployment.event', { ts: minutes(at), newBuildDigest: 'b2', runId: 'run-7', ...more })
/** Time passes: what was due is decided. */
const later = deployed(500, { deployedClient: 'ide', deployedServer: '', newBuildDigest: '' })
/** Scopes named of one change. */
const MAX_SHOWN = 8
const pipeline = sample('inventory.snapshot', { inventoryKind: 'principals', tags: ['carol=automation'] })

export default defineRule({
  id: 'scp-008-unrecorded-change',
  version: 1,
  title: 'Grant or configuration changed without a change record',
  severity: 'medium',
  why: 'Rights given at night in a portal are how intruders stay; changes that are meant leave a ticket or a run.',
  falsePositives: [
    'Infrastructure as code: list its actor in `automation`, or tag the principal automation.',
    'A deployment within half an hour before or after, on this server or on all (server *), explains it.',
  ],
  blindSpots: [
    'Only changes that are fed in (mcp-auditd ingest): nothing of a server shows them.',
    'A ticket is believed as it is named.',
    'A deployment of one server does not explain a change that was fed in for all.',
  ],
  triage: [
    'Ask the actor, on another channel.',
    'What did the subject do since?',
    'Take the change back until it is explained.',
  ],
  refs: ['MCP02:2025', 'T1098'],
  requires: {
    'grant.changed': ['actor', 'subjectKey', 'added', 'removed', 'ticket'],
    'config.changed': ['actor', 'setting', 'beforeHash', 'afterHash', 'ticket'],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: ['ticket', 'removed', 'added', 'deployedServer', 'deployedClient'],
  producerGaps: {
    'grant.changed': 'comes only by ingest, from the identity provider or its audit log',
    'config.changed': 'comes only by ingest, from who manages the configuration',
    'deployment.event': 'comes only by ingest, from the pipeline',
  },
  asksInventory: true,
  config: z.object({
    withinMs: z.int().default(minutes(30)).describe('How far from a change a deployment explains it, milliseconds.'),
    automation: z.array(z.string()).default([]).describe('Actors whose changes are recorded elsewhere (pipelines).'),
  }),
  per: 'server',
  ttl: days(2),
  cell: noChanges,
  beside: {
    own: { per: 'server', cell: noDeployments, on: { 'deployment.event': rememberDeployment } },
    everywhere: { per: 'fleet', cell: noDeployments, on: { 'deployment.event': rememberDeployment } },
  },
  on: {
    'grant.changed'(e, cell, { withinMs, automation }) {
      const [added, removed] = [e.added.slice(0, MAX_SHOWN), e.removed.slice(0, MAX_SHOWN)]
      const scopes = [...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`)]
      if (isRecorded(e, automation) || scopes.length === 0) return
      noteChange(`${e.actor || 'somebody'}: ${scopes.join(' ')} for ${e.subjectKey}`, e.ts, withinMs, cell)
    },
    'config.changed'(e, cell, { withinMs, automation }) {
      if (isRecorded(e, automation) || (e.beforeHash === e.afterHash && e.afterHash !== '')) return
      noteChange(`${e.actor || 'somebody'}: ${e.setting} changed`, e.ts, withinMs, cell)
    },
  },
  onTimer: (atMs, cell, { withinMs }, { own, everywhere }) => judgeChanges(atMs, cell, withinMs, [own, everywhere]),
  examples: {
    match: [
      example('a grant in the portal at night', grants(130), later),
      example('the second of two', deployed(95), grants(100), sets(128), later),
      example('a role is taken away', grants(130, { added: [], removed: ['audit'], subjectKey: 'a11ce' }), later),
      example('a setting is changed', sets(130), later),
      example('of which nothing is known', sets(130, { beforeHash: '', afterHash: '', setting: 'x' }), later),
      example('a deployment more than half an hour before', deployed(99), grants(130), later),
      example('a deployment more than half an hour after', grants(130), deployed(161), later),
      example('a deployment of another server', deployed(130, { deployedServer: 'other' }), grants(130), later),
      example('a release of a client', deployed(130, { deployedClient: 'ide' }), grants(130), later),
      example('another server was deployed', deployed(130, { server: 'other' }), grants(130), later),
      exampleWith({ automation: ['terraform'] }, 'another actor is a pipeline', grants(130), later),
      exampleWith(
        { withinMs: minutes(10) },
        'of two changes the second was deployed',
        grants(100),
        sets(120),
        deployed(120),
        later,
      ),
    ],
    noMatch: [
      example('each by a deployment of its own', deployed(95), grants(100), sets(128), deployed(150), later),
      example('with a ticket', grants(130, { ticket: 'CHG-1' }), sets(131, { ticket: 'CHG-1' }), later),
      example('a run of the pipeline half an hour before', deployed(100, { actor: 'carol' }), grants(130), later),
      example('and half an hour after', grants(130), sets(130), deployed(160), later),
      example('all servers were deployed', deployed(130, { server: '*' }), grants(130), later),
      exampleWith(
        { automation: ['terraform'] },
        'by the pipeline',
        grants(130, { actor: 'terraform' }),
        sets(130, { actor: 'terraform' }),
        later,
      ),
      example('the inventory knows the pipeline', pipeline, grants(130), sets(130), later),
      example('nothing was changed', grants(130, { added: [] }), sets(130, { afterHash: 'a1' }), later),
      example('there may still be a deployment', grants(130), sets(164)),
    ],
  },
})
interface Change {
  readonly actor: string
  readonly ticket: string
  tagsOf(kind: 'principals', name: string): readonly string[]
}
function isRecorded(e: Change, automation: readonly string[]): boolean {
  return e.ticket !== '' || automation.includes(e.actor) || e.tagsOf('principals', e.actor).includes('automation')
}
