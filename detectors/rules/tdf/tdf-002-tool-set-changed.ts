/** A server starts or stops to offer a tool or a capability, and no deployment explains it. */
import { z } from 'zod'
import { IDENTIFIED, OFFERED, USUAL } from '../../definitions/offer-examples.ts'
import {
  atRest,
  judgeIdentity,
  judgeList,
  judgeRestless,
  newOffer,
  notListed,
} from '../../definitions/tool-set-change.ts'
import { judgeWaiting } from '../../definitions/waiting-change.ts'
import { rememberDeployment } from '../../deployments.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'

export default defineRule({
  id: 'tdf-002-tool-set-changed',
  version: 2,
  title: 'Tool set changed without a deployment',
  severity: 'low',
  why: 'A tool that appears at run time was reviewed by nobody, and a capability that comes and goes can be shown to one client only.',
  falsePositives: [
    'Deployments: feed them in. A new tool is low, one that goes info, one that takes commands medium, one with an order to the model high.',
    'Lists that depend on scopes are compared within the same scopes only.',
    'Plug-ins that come and go: raise the limit on changes, and expect a finding for each new tool.',
  ],
  blindSpots: [
    'The first list is trusted.',
    'Of lists with more than about 2,500 characters of names the removed ones are counted, not named; of more than 600 tools only the number is known.',
    'A new build without a deployment is reported 30 minutes later, when event time gets there.',
  ],
  triage: [
    'Who added the tool, and what can it do?',
    'List its calls since it appeared.',
    'Remove it, or announce the deployment that brought it.',
  ],
  refs: ['MCP03:2025', 'MCP09:2025', 'AML.T0081'],
  requires: {
    'tools.registry': ['definitions', 'era', 'registrySource', 'scopeSetHash', 'build', 'flags'],
    'server.identity': ['capabilities', 'extensions', 'era', 'build'],
    'notification.sent': ['notification', 'producer', 'session'],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: ['notification.sent', 'session', 'server.identity', 'scopeSetHash', 'flags', 'extensions'],
  producerGaps: { 'deployment.event': 'comes only by replay or from a pipeline that sends it' },
  config: z.object({
    joinMs: z.int().default(minutes(30)).describe('How far from a deployment a change is its own, milliseconds.'),
    changes: z.int().min(1).max(30).default(5).describe('Announced changes of the list that are not too many.'),
    changesMs: z.int().default(hours(1)).describe('Time in which they are counted, milliseconds.'),
  }),
  per: 'server',
  ttl: days(400),
  cell: newOffer,
  beside: {
    list: { per: 'registry', cell: notListed },
    instance: { per: 'instance', cell: atRest },
    session: { per: 'session', cell: atRest },
  },
  on: {
    'tools.registry'(e, offer, config, { list }) {
      // A list that was cut says nothing of what is not in it.
      if (!e.flags.includes('definitions_trimmed')) return judgeList(e, offer, list, config.joinMs)
    },
    'server.identity': (e, offer, config) => judgeIdentity(e, offer, config.joinMs),
    'notification.sent'(e, _, config, { instance, session }) {
      if (e.notification === 'notifications/tools/list_changed')
        return judgeRestless(e.ts, e.session === '' ? instance : session, config.changes, config.changesMs)
    },
    'deployment.event': (e, offer) => rememberDeployment(e, offer),
  },
  onTimer: (_, offer, config) => judgeWaiting(offer, config.joinMs),
  examples: { match: [...OFFERED, ...IDENTIFIED], noMatch: USUAL },
})
