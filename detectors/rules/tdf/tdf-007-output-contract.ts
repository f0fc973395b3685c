/** Results of a tool stop being what it declares, or what they were: they fail its schema, hold parts or links they never held. */
import { z } from 'zod'
import { judgeOutput, notCalled, noteRelease } from '../../definitions/output-contract.ts'
import { deployedNear, noDeployments, rememberDeployment } from '../../deployments.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { deploys, shows, type Words } from '../../sample-registry.ts'

type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
/** At minutes. */
const result = (at: number, more: Result = {}) =>
  sample('tool.result', { ts: minutes(at), tool: 'read_file', schemaOk: true, contentTypes: ['text'], ...more })
const bad = { schemaOk: false }
const link = { urlDomains: ['spy.example'] }
const docs = { urlDomains: ['docs.example'] }
const image = { contentTypes: ['text', 'image'] }
const three = { learn: 3 }
const unchecked = sample('tool.result', { ts: 0, tool: 'read_file', contentTypes: ['text'] })
/** A minute apart, from minute 1. */
const usual = (count: number, more: Result = {}) => Array.from({ length: count }, (_, i) => result(i + 1, more))
const offers = (at: number, words: Words = {}) => shows(at, [words])
const elsewhere = deploys(8, '', { deployedServer: 'other' })
const client = deploys(8, '', { deployedClient: 'ide' })
const anywhere = Array.from({ length: 9 }, (_, i) => result(1, { urlDomains: [`h${i}.example`] }))

export default defineRule({
  id: 'tdf-007-output-contract',
  version: 1,
  title: 'Results that break the contract of their tool',
  severity: 'medium',
  why: 'Clients and models take results for what the tool declares. A field, a picture or a link that was never there carries something out or in.',
  falsePositives: [
    'Releases: a definition that changed is learned anew, and 30 minutes around a deployment nothing is reported.',
    'Tools that point to many hosts, such as a search: from nine hosts on a new one says nothing.',
    'A single result that fails, such as one null field.',
  ],
  blindSpots: [
    'Tools without an output schema have no contract but their habit.',
    'Results are known by types and hosts of links, not by their words.',
    'A tool that was bad from the start.',
  ],
  triage: [
    'Look at one such result: what is new in it, and who put it there?',
    'Where does the link point, and did a client open it?',
    'Was there a release that nobody announced?',
  ],
  refs: ['MCP03:2025', 'MCP05:2025', 'AML.T0099'],
  requires: {
    'tool.result': ['tool', 'schemaOk', 'contentTypes', 'urlDomains'],
    'definition.seen': ['tool', 'hash'],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: ['schemaOk', 'urlDomains'],
  producerGaps: { 'deployment.event': 'comes only by replay or from a pipeline that sends it' },
  config: z.object({
    failures: z.int().min(1).max(32).default(3).describe('Results that fail the schema until it is reported.'),
    withinMs: z.int().default(hours(1)).describe('Time in which they are counted, milliseconds.'),
    learn: z
      .int()
      .min(1)
      .default(100)
      .describe('Results from which is learned, and as many again that bring nothing new.'),
    joinMs: z.int().default(minutes(30)).describe('How long around a deployment results may change, milliseconds.'),
  }),
  per: 'tool',
  ttl: days(30),
  cooldown: hours(1),
  cell: notCalled,
  beside: { deployments: { per: 'server', cell: noDeployments, on: { 'deployment.event': rememberDeployment } } },
  on: {
    'definition.seen': (e, known) => noteRelease(e.hash, known),
    'tool.result'(e, known, config, beside) {
      const schemaOk = e.says('schemaOk') ? e.schemaOk : undefined
      const { ts, tool, contentTypes, urlDomains } = e
      const match = judgeOutput({ ts, tool, schemaOk, contentTypes, urlDomains }, known, config)
      return match !== undefined && deployedNear(beside.deployments, '', ts, config.joinMs) ? undefined : match
    },
  },
  examples: {
    match: [
      example('three results of an hour fail the schema', result(0, bad), result(30, bad), result(59, bad)),
      graded('medium', exampleWith(three, 'a link appears', ...usual(4), result(9, link))),
      graded('low', exampleWith(three, 'another link appears', ...usual(4, docs), result(9, link))),
      graded('medium', exampleWith(three, 'a picture appears', ...usual(4, docs), result(9, { ...docs, ...image }))),
      exampleWith(three, 'a picture of a tool that points anywhere', ...anywhere, ...usual(4), result(9, image)),
      exampleWith(three, 'the eighth host', ...anywhere.slice(0, 7), ...usual(4), result(9, link)),
      exampleWith(three, 'after a release', offers(0), offers(1, { title: 'x' }), ...usual(4), result(9, link)),
      exampleWith(three, 'the list comes again', offers(0), ...usual(4), offers(8), result(9, link)),
      exampleWith(three, 'another server was deployed', elsewhere, ...usual(4), result(9, link)),
      exampleWith(three, 'a client was released', client, ...usual(4), result(9, link)),
      exampleWith(three, 'deployed long ago', deploys(0, ''), ...usual(4), result(31, link)),
      exampleWith({ failures: 1 }, 'no failure is usual', result(0, bad)),
      exampleWith({ ...three, failures: 4 }, 'it fails, too', ...usual(4), result(9, { ...bad, ...link })),
    ],
    noMatch: [
      example('one null field', result(0, bad), result(1)),
      example('two that fail', result(0, bad), result(1, bad)),
      example('three in more than an hour', result(0, bad), result(30, bad), result(60, bad)),
      example(
        'three of three tools',
        result(0, bad),
        result(1, { ...bad, tool: 'a' }),
        result(2, { ...bad, tool: 'b' }),
      ),
      example('nobody checks', unchecked, unchecked, unchecked),
      exampleWith(three, 'not enough results', ...usual(3), result(9, link)),
      exampleWith(three, 'links that were there', ...usual(3, docs), result(9, docs)),
      exampleWith(three, 'links are still new', ...usual(2), ...usual(1, docs), ...usual(2), result(9, link)),
      exampleWith(three, 'it points anywhere', ...anywhere, ...usual(3), result(9, link)),
      exampleWith(three, 'a release', offers(0), ...usual(4), offers(8, { title: 'x' }), result(9, link)),
      exampleWith(three, 'another build was deployed', ...usual(4), deploys(8, 'b2'), result(38, link)),
      exampleWith(three, 'a release of another tool', offers(0), ...usual(4), offers(8, { name: 'a' }), result(9)),
      exampleWith(three, 'the same list again', ...usual(3), offers(8), offers(9), result(10)),
    ],
  },
})
