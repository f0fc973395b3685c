/** Content of strangers came in, private data was read after it, and now a tool carries something out or destroys. */
import { z } from 'zod'
import { FACT_FIELDS, RARE_FACTS } from '../../content/content-severity.ts'
import { noFlow } from '../../flows/flow.ts'
import { newFlowTool, noteFlowApproval, sawAddresses } from '../../flows/flow-tool.ts'
import { classesByDefinition, classesBySideEffect } from '../../flows/tool-class.ts'
import { FLOW_FIELDS, mayBeOrder, noServerTaint, sawCall, sawOrder, sawRequest } from '../../flows/watch.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { match, noMatch } from './examples/inj-006-toxic-flow.ts'

const flow = { ttl: hours(1), cell: noFlow }

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
  examples: { match, noMatch },
})
