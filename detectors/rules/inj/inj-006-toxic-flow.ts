/** Content of strangers came in, private data was read after it, and now a tool carries something out or destroys. */
import { z } from 'zod'
import { FACT_FIELDS, RARE_FACTS } from '../../content-severity.ts'
import { noFlow } from '../../flows/flow.ts'
import { newFlowTool, noteFlowApproval, sawAddresses } from '../../flows/flow-tool.ts'
import { FLOW_FIELDS, mayBeOrder, noServerTaint, sawCall, sawOrder, sawRequest } from '../../flows/watch.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, type Sample } from '../../sample.ts'
import { tagged } from '../../sample-content.ts'
import * as made from '../../sample-flow.ts'
import { approves, calls, habits, orders, requests, usually, way } from '../../sample-flow.ts'
import { classesByDefinition, classesBySideEffect } from '../../tool-class.ts'

const flow = { ttl: hours(1), cell: noFlow }
const [page, mailbox] = way(0) as [Sample, Sample]
const post = (n: number, more: Parameters<typeof calls>[2] = {}) => calls(n, 'http_post', more)
const TAGS = tagged('tools', 'a=untrusted_source', 'b=private_data', 'c=egress')
const lore = [requests(0, 'lore', 'x.example'), made.results('lore', 'y.example')]
const TWO = [requests(0.2, 'fetch_url', 'a.example'), requests(0.4, 'fetch_url', 'b.example')]
const sends = requests(0, 'sync', 'x.example', { verb: 'POST', argumentMatch: true })
const settled = [...habits(10), ...way(20)]

export default defineRule({
  id: 'inj-006-toxic-flow',
  version: 1,
  title: 'Untrusted content leads private data out',
  severity: 'high',
  why: 'Who writes what a tool reads can steer the model: first to private data, then to a tool that carries it out or destroys.',
  falsePositives: [
    'Agents that read, look up and answer every day: a way gone in usualHours different hours is low, unless it asks a new host.',
    'A call that a person approved is low. Tools are what their tags say: untrusted_source, private_data, egress, destructive, no_flow.',
    'Without an order found in the content a flow is high only when a tool of settled habits asks a new host.',
  ],
  blindSpots: [
    'Flows over several servers, whose calls lie in different partitions, and over several callers of one trace.',
    'Whether the model obeyed or did what its user wanted: the server sees neither plan nor prompt.',
    'Callers without identity, trace and session over HTTP; tools whose name, schema and effects say nothing.',
    'What is carried out in a search or in the address that a reading tool fetches, where its hosts always change.',
  ],
  triage: [
    'What stood in the content at the beginning, and who could write there?',
    'What did the last call carry, and where to? Look at its outbound requests.',
    'Did its user ask for it? If not, take the source out and revoke what was read.',
  ],
  refs: ['MCP06:2025', 'MCP10:2025', 'AML.T0053', 'AML.T0086', 'AML.T0101'],
  asksInventory: true,
  requires: {
    'tool.call': [...FLOW_FIELDS, 'approvalRef', 'argsHmac'],
    'tool.result': ['tool', 'urlDomains'],
    'outbound.request': [...FLOW_FIELDS, 'destinationHost', 'ipClass', 'verb', 'argumentMatch', 'pathClass'],
    side_effect: ['tool', 'effectKind', 'argumentMatch'],
    'content.finding': [...FACT_FIELDS, ...FLOW_FIELDS],
    'definition.seen': ['tool', 'inputFields', 'annotations'],
    'approval.recorded': ['tool', 'approvalResult', 'argsHmac', 'expiresAt'],
  },
  occasional: ['outbound.request', 'side_effect', 'content.finding', 'approvalRef', 'session', ...RARE_FACTS],
  producerGaps: { 'approval.recorded': 'comes only by replay or from an approval workflow that sends it' },
  config: z.object({
    windowMs: z.int().default(minutes(10)).describe('How long taint, and private data under it, last, milliseconds.'),
    usualHours: z
      .int()
      .min(1)
      .default(5)
      .describe('Different hours in which a way was gone until it is usual; 30 days without it end that.'),
  }),
  per: 'server',
  about: 'tool',
  ttl: days(30),
  cell: noServerTaint,
  beside: {
    tool: { per: 'tool', cell: newFlowTool },
    trace: { per: 'trace', ...flow },
    grant: { per: 'grant', ...flow },
    session: { per: 'session', ...flow },
    instance: { per: 'instance', ...flow },
  },
  where: (e) => (e.type === 'tool.result' ? e.urlDomains.length > 0 : e.type !== 'content.finding' || mayBeOrder(e)),
  on: {
    'definition.seen'(e, _, __, { tool }) {
      tool.classes = classesByDefinition(e.tool, e.inputFields, e.annotations)
    },
    'tool.result': (_, __, ___, { tool }) => sawAddresses(tool),
    side_effect(e, _, __, { tool }) {
      tool.seen |= classesBySideEffect(e.effectKind, e.argumentMatch)
    },
    'approval.recorded': (e, _, { windowMs }, { tool }) => noteFlowApproval(e, tool, windowMs),
    'content.finding': (e, server, config, beside) => sawOrder(e, server, beside, config),
    'tool.call': (e, server, config, beside) => sawCall(e, server, beside, config),
    'outbound.request': (e, server, config, beside) => sawRequest(e, server, beside, config),
  },
  examples: {
    match: [
      example('a page, the mailbox, a message', ...way(0)),
      example('with an order in the page', page, orders(0.5), mailbox, post(2)),
      example('an order, and a message at once', orders(0), post(1)),
      example('an order in a resource', orders(0, { surface: 'resource', tool: '' }), calls(1, 'delete_file')),
      example('something is deleted', page, mailbox, calls(2, 'delete_file')),
      example('a host never asked before', ...settled, requests(23, 'http_post', 'evil.example')),
      example('habits that are not settled', ...habits(9), ...way(20), requests(23, 'http_post', 'evil.example')),
      example('pages of two hosts', page, ...TWO, mailbox, calls(4, 'delete_file')),
      example('on stdio', ...way(0, made.stdio)),
      example('in a session', ...way(0, { ...made.nobody, session: 's1' })),
      example('only the trace is known', ...way(0, { principal: '', client: '' })),
      example('a trace for each call', ...way(0, (i) => ({ trace: made.traceOf(`${i}`) }))),
      example('a millisecond before the end', page, mailbox, post(600.999)),
      example('a way gone in five hours', ...usually(5), ...way(18_000)),
      example('a way gone in four hours', ...usually(4), ...way(18_000)),
      example('a usual way, a new host', ...habits(10), ...usually(5), requests(14_403, 'http_post', 'x.example')),
      example('a call that names its approval', page, mailbox, post(2, { approvalRef: 'T-7' })),
      example('an approved call', approves(0), ...way(1), requests(3, 'http_post', 'evil.example')),
      example('other arguments are approved', approves(0, { argsHmac: 'ab' }), ...way(1, { argsHmac: 'cd' })),
      example('the approval has ended', approves(0, { expiresAt: 1 }), ...way(1)),
      example('it is rejected', approves(0, { approvalResult: 'rejected' }), ...way(1)),
      example('a refused message', page, mailbox, post(2, { decision: 'deny' })),
      example('tools by tags', TAGS, calls(1, 'a'), calls(2, 'b'), calls(3, 'c')),
      example('a tool with a recipient', made.definitions, page, mailbox, calls(3, 'ping')),
      example('it was seen to send', sends, page, mailbox, calls(3, 'sync')),
      example('it was seen to run', made.effects('tidy', 'exec', true), page, mailbox, calls(3, 'tidy')),
      example('its results are full of addresses', ...lore, calls(1, 'lore'), calls(2, 'read_mail'), post(3)),
    ],
    noMatch: [
      example('two mails and an answer', calls(0, 'read_mail'), mailbox, post(2)),
      example('nothing private is read', page, post(1)),
      example('it was read before', calls(0, 'read_mail'), calls(1, 'fetch_url'), post(2)),
      example('nothing is carried out', page, mailbox, calls(2, 'fetch_url'), requests(3, 'fetch_url', 'y.example')),
      example('ten minutes later', page, mailbox, post(601)),
      example('taint of ten minutes ago', page, calls(600, 'read_mail'), post(601)),
      example('somebody else', page, mailbox, post(2, { trace: made.traceOf('b'), principal: 'bob' })),
      example('nobody knows who', ...way(0, made.nobody)),
      example('a refused read', page, calls(1, 'read_mail', { decision: 'deny' }), post(2)),
      example('a tool that is none', tagged('tools', 'http_post=no_flow'), ...way(1)),
      example('a source of one’s own', tagged('tools', 'fetch_url=trusted_source'), orders(1), post(2)),
      example('an order in arguments', orders(0, { surface: 'arguments' }), post(1)),
      example(
        'its own token',
        ...habits(10),
        orders(20),
        requests(21, 'http_post', 'idp.example', { pathClass: 'token' }),
      ),
      example('a host inside', ...habits(10), orders(20), requests(21, 'http_post', 'db', { ipClass: 'private' })),
      example('a tool that says it changes nothing', made.definitions, page, mailbox, calls(3, 'delete_view')),
      example('what others do', ...made.others, made.effects('lore', 'file_write'), post(4)),
    ],
  },
})
