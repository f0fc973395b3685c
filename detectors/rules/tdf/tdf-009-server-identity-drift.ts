/** A server says that it is another one: its name, version or instructions change, and no deployment explains it. */
import { z } from 'zod'
import { judgeServer, unknownServer } from '../../definitions/server-identity.ts'
import { judgeWaiting } from '../../definitions/waiting-change.ts'
import { rememberDeployment } from '../../deployments.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, hashOf, sample } from '../../sample.ts'
import { beats, deploys } from '../../sample-registry.ts'

type Identity = NonNullable<Parameters<typeof sample<'server.identity'>>[1]>
/** At minutes. */
const says = (at: number, more: Identity = {}) =>
  sample('server.identity', {
    ts: minutes(at),
    era: 'modern',
    build: 'b1',
    serverName: 'files',
    serverVersion: '1.0.0',
    instructionsHash: hashOf('read first'),
    ...more,
  })
const other = { serverName: 'mail' }
const newer = { serverVersion: '1.1.0' }
const told = { instructionsHash: hashOf('write first') }
const b2 = { build: 'b2' }
const unknown = { build: '' }
const elsewhere = deploys(0, 'b2', { deployedServer: 'mail' })
const client = deploys(0, 'b2', { deployedClient: 'ide' })

export default defineRule({
  id: 'tdf-009-server-identity-drift',
  version: 1,
  title: 'Server identity changed without a deployment',
  severity: 'medium',
  why: 'Another program that answers under the same name has whatever trust the first one had.',
  falsePositives: [
    'Deployments: feed them in. A new version or new instructions with a new or unknown build are low.',
    'Each era of the protocol is compared with itself.',
  ],
  blindSpots: [
    'Name and version are the server’s own words; a replacement that says the same is not seen here.',
    'Icons: where they come from is not in the events.',
    'A new build without a deployment is reported 30 minutes later, when event time gets there.',
  ],
  triage: [
    'What runs there now? Compare image and lockfile digests with those before.',
    'Read the new instructions: what do they tell the model?',
    'List what was called since.',
  ],
  refs: ['MCP04:2025', 'MCP09:2025', 'T1195.002', 'AML.T0010'],
  requires: {
    'server.identity': ['serverName', 'serverVersion', 'instructionsHash', 'era', 'build'],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: ['instructionsHash', 'serverVersion', 'build'],
  producerGaps: { 'deployment.event': 'comes only by replay or from a pipeline that sends it' },
  config: z.object({
    joinMs: z.int().default(minutes(30)).describe('How far from a deployment a change is its own, milliseconds.'),
  }),
  per: 'server',
  ttl: days(400),
  cooldown: hours(1),
  cell: unknownServer,
  on: {
    'server.identity': (e, known, { joinMs }) => judgeServer(e, known, joinMs),
    'deployment.event': (e, known) => rememberDeployment(e, known),
  },
  onTimer: (_, known, { joinMs }) => judgeWaiting(known, joinMs),
  examples: {
    match: [
      graded('medium', example('another name', says(0), says(1, other))),
      graded('medium', example('another version, the build is the same', says(0), says(1, newer))),
      graded('medium', example('other instructions, the build is the same', says(0), says(1, told))),
      graded(
        'medium',
        example('another name, of an unknown build', says(0, unknown), says(1, { ...unknown, ...other })),
      ),
      graded(
        'low',
        example('another version, of an unknown build', says(0, unknown), says(1, { ...unknown, ...newer })),
      ),
      graded('low', example('other instructions, now of a known build', says(0, unknown), says(1, told))),
      graded('low', example('a build that nobody deployed', says(0), says(1, { ...b2, ...newer }), beats(40))),
      graded('medium', example('another name with it', says(0), says(1, { ...b2, ...other, ...newer }), beats(40))),
      graded(
        'medium',
        example(
          'two changes wait',
          says(0),
          says(1, { ...b2, ...newer }),
          says(2, { build: 'b3', ...other }),
          beats(40),
        ),
      ),
      example('another server was deployed', elsewhere, says(0), says(1, { ...b2, ...newer }), beats(40)),
      example('another build was deployed', deploys(0, 'b9'), says(0), says(1, { ...b2, ...newer }), beats(40)),
      example('a client was released', client, says(0), says(1, { ...b2, ...newer }), beats(40)),
      example('deployed too long ago', deploys(0, 'b2'), says(1), says(31, { ...b2, ...newer }), beats(70)),
      graded('low', example('of a build no more known', says(0), says(1, { ...unknown, ...newer }))),
      graded('medium', example('the last of three eras', says(0), says(1, { era: 'legacy' }), says(2, other))),
      example('another name after none', says(0), says(1, { serverName: '' }), says(2, other)),
      example('instructions that were not there', says(0, { instructionsHash: '' }), says(1)),
      example('one value after another', says(0), says(1, other), says(2), says(3, { serverName: 'spy' })),
    ],
    noMatch: [
      example(
        'deployed before',
        deploys(0, 'b2'),
        says(1),
        says(30, { ...b2, ...newer, ...told, ...other }),
        beats(90),
      ),
      example('deployed after', says(0), says(1, { ...b2, ...newer }), deploys(31, 'b2'), beats(90)),
      example('deployed under the same build', deploys(0, 'b1'), says(1), says(2, other)),
      example(
        'after a deployment it stays',
        deploys(0, 'b2'),
        says(1),
        says(2, { ...b2, ...newer }),
        says(60, { ...b2, ...newer }),
        beats(120),
      ),
      example('only the build', says(0), says(1, b2), beats(90)),
      example('it does not know its name yet', says(0, { serverName: '', serverVersion: '' }), says(1)),
      example('it does not say its name again', says(0), says(1, { serverName: '', serverVersion: '' }), says(2)),
      example('each era says its own', says(0), says(1, { era: 'legacy', ...other }), says(2)),
      exampleWith(
        { joinMs: minutes(60) },
        'deployments take longer here',
        deploys(0, 'b2'),
        says(1),
        says(60, { ...b2, ...newer }),
        beats(130),
      ),
    ],
  },
})
