/** A tool says that it only reads or destroys nothing, and that is new or not true. */
import { z } from 'zod'
import {
  effectOfRequest,
  effectOfSideEffect,
  isUnder,
  judgeEffect,
  judgeHints,
  noPromises,
} from '../../definitions/promises.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { shows } from '../../sample-registry.ts'

/** read_file, with these annotations; and another tool. */
const says = (...hints: string[]) => shows(0, [{ hints }, { name: 'cat', hints: ['readOnlyHint=true'] }])
const reads = says('destructiveHint=false', 'readOnlyHint=true')
const mute = says()
type Request = NonNullable<Parameters<typeof sample<'outbound.request'>>[1]>
const asks = (verb: string, more: Request = {}) =>
  sample('outbound.request', { tool: 'read_file', verb, destinationHost: 'api.example.com', pathClass: 'api', ...more })
type Effect = NonNullable<Parameters<typeof sample<'side_effect'>>[1]>
const does = (effectKind: NonNullable<Effect['effectKind']>, effectClass: string, tool = 'read_file') =>
  sample('side_effect', { tool, effectKind, effectClass })
const tagged = sample('inventory.snapshot', {
  server: '*',
  inventoryKind: 'destinations',
  tags: ['api.example.com=telemetry'],
})
const ours = { telemetryHosts: ['example.com'] }

export default defineRule({
  id: 'tdf-006-annotation-integrity',
  version: 1,
  title: 'Annotations that do not hold',
  severity: 'medium',
  why: 'Clients let tools run unasked when they say that they only read: whoever writes that annotation decides what nobody confirms.',
  falsePositives: [
    'Telemetry: list its hosts, or tag the destination `telemetry`; this machine and the usual collectors are known.',
    'Interfaces that read by POST, and files that a reading tool keeps: low. Tokens, temporary files and programs are no effect here.',
    'A definition that says for the first time that it only reads is no turn.',
  ],
  blindSpots: [
    'Effects that this process does not have itself: a program it starts, a server it asks with GET.',
    'Requests in the background stand under no tool.',
    'Where a tool never had annotations there is nothing to hold it to.',
  ],
  triage: [
    'What did the call change, and where?',
    'Correct the annotation; until then let clients ask before each call.',
    'If the annotation turned: who changed it, and what was called unasked since?',
  ],
  refs: ['MCP03:2025', 'MCP02:2025', 'AML.T0081'],
  asksInventory: true,
  requires: {
    'definition.seen': ['tool', 'annotations'],
    'outbound.request': ['tool', 'verb', 'destinationHost', 'pathClass', 'ipClass'],
    side_effect: ['tool', 'effectKind', 'effectClass'],
  },
  occasional: ['annotations', 'outbound.request', 'side_effect'],
  config: z.object({
    telemetryHosts: z
      .array(z.string())
      .default([
        'sentry.io',
        'applicationinsights.azure.com',
        'datadoghq.com',
        'honeycomb.io',
        'newrelic.com',
        'posthog.com',
      ])
      .describe('Hosts, with all below them, that take telemetry.'),
  }),
  per: 'tool',
  ttl: days(90),
  cooldown: hours(1),
  cell: noPromises,
  on: {
    'definition.seen': (e, known) => judgeHints(e.annotations, known),
    'outbound.request'(e, known, { telemetryHosts }) {
      const isOurs = e.ipClass === 'loopback' || isUnder(e.destinationHost, telemetryHosts)
      if (isOurs || e.tagsOf('destinations', e.destinationHost).includes('telemetry')) return undefined
      return judgeEffect(effectOfRequest(e), known)
    },
    side_effect: (e, known) => judgeEffect(effectOfSideEffect(e), known),
  },
  examples: {
    match: [
      graded('high', example('a tool that only reads sends DELETE', reads, asks('DELETE'))),
      graded('high', example('it sends PUT', reads, asks('put'))),
      graded('high', example('it sends PATCH to nobody known', reads, asks('PATCH', { destinationHost: '' }))),
      graded('low', example('it sends POST', reads, asks('POST'))),
      graded('high', example('it deletes a file', reads, does('file_delete', 'project'))),
      graded('high', example('it writes where secrets are', reads, does('file_write', 'secret'))),
      graded('high', example('it writes where the system is', reads, does('file_write', 'system'))),
      graded('low', example('it writes a file', reads, does('file_write', 'project'))),
      graded('high', example('it writes to a database', reads, does('db_write', ''))),
      graded('medium', example('it says now that it only reads', says('readOnlyHint=false'), reads)),
      graded('medium', example('it says now that it destroys nothing', says('destructiveHint=true'), reads)),
      graded('medium', example('it says so after it asked', says('readOnlyHint=false'), asks('POST'), reads)),
      graded('high', example('it says so after it deleted', says('readOnlyHint=false'), asks('DELETE'), reads)),
      exampleWith({ telemetryHosts: ['ample.com'] }, 'a host that only ends alike', reads, asks('POST')),
    ],
    noMatch: [
      example('it sends telemetry', reads, asks('POST', { destinationHost: 'o1.ingest.sentry.io' })),
      exampleWith(ours, 'it sends telemetry to a host of ours', reads, asks('POST')),
      exampleWith(ours, 'it sends telemetry to our host', reads, asks('POST', { destinationHost: 'example.com' })),
      example('it says no more that it writes', says('readOnlyHint=false'), mute),
      example('a destination for telemetry', tagged, reads, asks('POST')),
      example('telemetry to this machine', reads, asks('POST', { ipClass: 'loopback' })),
      example(
        'it fetches a token',
        reads,
        asks('POST', { pathClass: 'token' }),
        asks('POST', { pathClass: 'introspect' }),
      ),
      example('it reads', reads, asks('GET')),
      example('it says nothing', mute, asks('DELETE', { tool: 'rm' }), does('file_delete', 'project', 'rm')),
      example('it says so for the first time', mute, reads),
      example('it never said the contrary', says('readOnlyHint=true', 'destructiveHint=false'), reads),
      example('it says less', reads, says('readOnlyHint=false', 'destructiveHint=true')),
      example('a temporary file', reads, does('file_write', 'temp'), does('file_delete', 'temp')),
      example('it starts a program', reads, does('exec', 'program'), does('other', 'secret')),
    ],
  },
})
