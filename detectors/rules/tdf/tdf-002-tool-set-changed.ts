/** A server starts or stops to offer a tool or a capability, and no deployment explains it. */
import { z } from 'zod'
import {
  judgeIdentity,
  judgeList,
  judgePendingOffer,
  judgeRestless,
  newOffer,
  notListed,
} from '../../definitions/tool-set-change.ts'
import { rememberDeployment } from '../../deployments.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { beats, deploys, shows } from '../../sample-registry.ts'

const read = { name: 'read_file' }
const exec = { name: 'exec_shell', shape: ['* object', '!command string role=shell'] }
const evil = { name: 'notes', verdicts: ['injection.conceal=suspicious'] }
const b2 = { build: 'b2' }
const admin = { scopeSetHash: 'ad' }
type Identity = NonNullable<Parameters<typeof sample<'server.identity'>>[1]>
const identity = (at: number, more: Identity) =>
  sample('server.identity', {
    ts: minutes(at),
    build: 'b1',
    era: 'modern',
    capabilities: ['tools'],
    extensions: [],
    ...more,
  })
const changed = (at: number, notification = 'notifications/tools/list_changed') =>
  sample('notification.sent', { ts: minutes(at), notification })
const restless = [0, 1, 2, 3, 4, 5]

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
    'notification.sent': ['notification'],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: ['notification.sent', 'server.identity', 'scopeSetHash', 'flags', 'extensions'],
  producerGaps: { 'deployment.event': 'comes only by replay or from a pipeline that sends it' },
  config: z.object({
    joinMs: z.int().default(minutes(30)).describe('How far from a deployment a change is its own, milliseconds.'),
    changes: z.int().min(1).max(30).default(5).describe('Announced changes of the list that are not too many.'),
    changesMs: z.int().default(hours(1)).describe('Time in which they are counted, milliseconds.'),
  }),
  per: 'server',
  ttl: days(400),
  cell: newOffer,
  beside: { list: { per: 'registry', cell: notListed } },
  on: {
    'tools.registry'(e, offer, config, { list }) {
      // A list that was cut says nothing of what is not in it.
      if (!e.flags.includes('definitions_trimmed')) return judgeList(e, offer, list, config.joinMs)
    },
    'server.identity': (e, offer, config) => judgeIdentity(e, offer, config.joinMs),
    'notification.sent'(e, offer, config) {
      if (e.notification === 'notifications/tools/list_changed')
        return judgeRestless(e.ts, offer, config.changes, config.changesMs)
    },
    'deployment.event': (e, offer) => rememberDeployment(e, offer),
  },
  onTimer: (_, offer, config) => judgePendingOffer(offer, config.joinMs),
  examples: {
    match: [
      example('exec_shell appears', shows(0, [read]), shows(1, [read, exec])),
      example('a tool goes', shows(0, [read, exec]), shows(1, [read])),
      example(
        'it hides and returns',
        shows(0, [read]),
        shows(1, [read, exec]),
        shows(2, [read]),
        shows(3, [read, exec]),
      ),
      example('a new tool with an order to the model', shows(0, [read]), shows(1, [read, evil])),
      example('a renamed tool', shows(0, [read]), shows(1, [{ name: 'readFile' }])),
      example('a new build that nobody deployed', shows(0, [read]), shows(1, [read, exec], b2), beats(37)),
      example(
        'another server was deployed',
        deploys(0, 'b1', { deployedServer: 'other' }),
        shows(0, [read]),
        shows(1, [read, exec]),
      ),
      example('a client was released', deploys(0, 'b1', { deployedClient: 'ide' }), shows(0, [read]), shows(1, [exec])),
      example('a capability appears', identity(0, {}), identity(1, { capabilities: ['tools', 'sampling'] })),
      example('an extension appears', identity(0, {}), identity(1, { extensions: ['tasks'] })),
      example('six changes in an hour', ...restless.map((at) => changed(at * 9))),
    ],
    noMatch: [
      example(
        'extra tools for the scopes of an administrator',
        shows(0, [read]),
        shows(1, [read, exec], admin),
        shows(2, [read]),
      ),
      example(
        'what the server itself lists without an identity',
        shows(0, [read]),
        shows(1, [], { registrySource: 'startup' }),
      ),
      example('another era offers less', shows(0, [read, exec]), shows(1, [read], { era: 'legacy' })),
      example('deployed before', shows(0, [read]), deploys(1, 'b2'), shows(2, [read, exec], b2), beats(60)),
      example('deployed after', shows(0, [read]), shows(2, [read, exec], b2), deploys(20, 'b2'), beats(60)),
      example('a list that was cut', shows(0, [read, exec]), shows(1, [read], { flags: ['definitions_trimmed'] })),
      example(
        'each era has capabilities of its own',
        identity(0, {}),
        identity(1, { era: 'legacy', build: 'b2', capabilities: [] }),
      ),
      example('six other notifications', ...restless.map((at) => changed(at, 'notifications/resources/list_changed'))),
      example('six changes in a day', ...restless.map((at) => changed(at * 240))),
      exampleWith({ changes: 9 }, 'more changes are normal here', ...restless.map((at) => changed(at))),
    ],
  },
})
