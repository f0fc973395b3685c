/** Examples of inj-006: what leads where, for whom, how often before and with whose consent; and what a tool is known by. */

import { tagged } from '../../../content/sample-content.ts'
import * as made from '../../../flows/sample-flow.ts'
import {
  approves,
  calls,
  defines,
  effects,
  habits,
  orders,
  requests,
  usually,
  way,
} from '../../../flows/sample-flow.ts'
import { days, type Example } from '../../../rule.ts'
import { allGraded, counted, example, exampleWith, SAMPLE_EPOCH_MS, type Sample } from '../../../sample.ts'

const [page, mailbox] = way(0) as [Sample, Sample]
type Words = Parameters<typeof calls>[2]
const post = (n: number, more: Words = {}) => calls(n, 'http_post', more)
const notes = (n: number) => calls(n, 'read_file')
const bob = { trace: made.traceOf('b'), principal: 'bob' }
const refused = { decision: 'deny' } as const
const approved = { approvalRef: 'T-7' }
const readOnly = 'readOnlyHint=true'
const TWO = [requests(0.2, 'fetch_url', 'a.example'), requests(0.4, 'fetch_url', 'b.example')]
const settled = [...habits(10), ...way(20)]
const evil = (n: number, more: object = {}) => requests(n, 'http_post', 'evil.example', more)
/** So many different hosts, asked by one tool. */
const hosts = (count: number) => Array.from({ length: count }, (_, i) => requests(i, 'http_post', `h${i}.example`))
/** An order in the result of the tool number `i`, and a message after it; each flow in a window of its own. */
const ordered = (i: number, at = i, more: Words = approved): Sample[] => [
  orders(at * 1_000, { tool: `source_${i}` }),
  post(at * 1_000 + 1, more),
]
const sources = (count: number) => Array.from({ length: count }, (_, i) => ordered(i)).flat()
/** Usual, then gone for 30 days but for so many seconds; its last tool is called in between. */
const pause = (early = 0): Sample[] => [
  ...usually(5),
  post(days(15) / 1_000, made.nobody),
  ...way(14_400 + days(30) / 1_000 - early),
]
const untilSecond = (n: number) => ({ expiresAt: SAMPLE_EPOCH_MS / 1_000 + n })
/** The tool stands at one place of a flow: at its beginning, in the middle, at its end. */
const brings = (tool: string): Sample[] => [calls(1, tool), notes(2), post(3)]
const holds = (tool: string): Sample[] => [page, calls(1, tool), post(2)]
const ends = (tool: string): Sample[] => [page, mailbox, calls(2, tool)]
const ONCE = { usualHours: 1 }

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('with an order in the page', page, orders(0.5), mailbox, post(2)),
    example('a host never asked before', ...settled, evil(23)),
    example('the same in the call itself', ...settled, evil(22.5)),
    example('in a request that nobody names', ...settled, evil(23, { request: '' })),
    example('a tool of fifteen hosts', ...hosts(15), ...way(20), evil(23)),
    example('a usual way, a new host', ...habits(10), ...usually(5), evil(14_403)),
  ),
  ...allGraded(
    'medium',
    example('a page, the mailbox, a message', ...way(0)),
    counted(1, example('two messages', page, mailbox, post(2), post(3))),
    counted(2, example('the same ten minutes later', ...way(0), ...way(700))),
    example('an order, and a message at once', orders(0), post(1)),
    example('an order, and a new host', ...habits(10), orders(20), evil(21)),
    example('an order in a resource', orders(0, { surface: 'resource', tool: '' }), calls(1, 'delete_file')),
    example('an order that is doubtful', orders(0, { verdict: 'suspicious' }), post(1)),
    example('habits that are not settled', ...habits(9), ...way(20), evil(23)),
    example('a tool of sixteen hosts', ...hosts(16), ...way(20), evil(23)),
    example('a host that is known', ...settled, requests(23, 'http_post', 'crm.example')),
    example('pages of two hosts', page, ...TWO, mailbox, calls(4, 'delete_file')),
    example('on stdio', ...way(0, made.stdio)),
    example('in a session', ...way(0, { ...made.nobody, session: 's1' })),
    example('only the trace is known', ...way(0, { principal: '', client: '' })),
    example('without traces', ...way(0, { trace: '' })),
    example('the last call is in no trace', page, mailbox, post(2, { trace: '' })),
    example('a millisecond before the end', page, mailbox, post(600.999)),
    example('a way gone in four hours', ...usually(4), ...way(18_000)),
    example('twice in one of four hours', ...usually(4), ...way(16_200, approved), ...way(18_000)),
    example('a way that nobody went for 30 days', ...pause()),
    exampleWith(ONCE, 'the ninth way takes the place of the first', ...sources(9), ...ordered(0, 9, {})),
    exampleWith(ONCE, 'from another source', ...sources(1), ...ordered(1, 1, {})),
    exampleWith(
      ONCE,
      'over other data',
      ...[page, notes(1), post(2, approved)],
      ...[calls(700, 'fetch_url'), calls(701, 'query_database'), post(702)],
    ),
    exampleWith(
      ONCE,
      'from a resource, then from a result that nobody names',
      orders(0, { surface: 'resource', tool: '' }),
      post(1, approved),
      orders(1_000, { tool: '' }),
      post(1_001),
    ),
    example('other arguments are approved', approves(0, { argsHmac: 'ab' }), ...way(1, { argsHmac: 'cd' })),
    example('the approval has ended', approves(0, { expiresAt: 1 }), ...way(1)),
    example('the approval ends now', approves(0, untilSecond(3)), ...way(1)),
    example('an approval without an end is ten minutes old', approves(0), ...way(598)),
    example('it is rejected', approves(0, { approvalResult: 'rejected' }), ...way(1)),
    example('it is rejected after all', approves(0), approves(0.5, { approvalResult: 'rejected' }), ...way(1)),
    example(
      'tools by tags',
      tagged('tools', 'a=untrusted_source', 'b=private_data', 'c=egress'),
      calls(1, 'a'),
      calls(2, 'b'),
      calls(3, 'c'),
    ),
    example(
      'it was seen to send',
      requests(0, 'sync', 'x.example', { verb: 'POST', argumentMatch: true }),
      ...ends('sync'),
    ),
    example('it was seen to ask', requests(0, 'lore', 'x.example', { argumentMatch: true }), ...brings('lore')),
    example(
      'its results are full of addresses',
      requests(0, 'lore', 'x.example'),
      made.results('lore', 'y.example'),
      ...brings('lore'),
    ),
    ...['browse', 'http_request', 'list_issues'].map((tool) =>
      example(`${tool} brings in what strangers wrote`, ...brings(tool)),
    ),
    example('a read-only tool that takes an address', defines('summarize', ['!url'], readOnly), ...brings('summarize')),
    example('query_database reads what is private', ...holds('query_database')),
    ...['reply', 'create_issue', 'submit_command'].map((tool) => example(`${tool} carries out`, ...ends(tool))),
    ...['!to', 'cc'].map((field) =>
      example(`a tool with the parameter ${field}`, defines('ping', [field]), ...ends('ping')),
    ),
  ),
  ...allGraded(
    'low',
    example('something is deleted', page, mailbox, calls(2, 'delete_file')),
    example('pages of one host', page, TWO[0]!, mailbox, calls(4, 'delete_file')),
    example(
      'hosts that another tool asks',
      page,
      requests(0.2, 'tidy', 'a.example'),
      requests(0.4, 'tidy', 'b.example'),
      mailbox,
      calls(4, 'delete_file'),
    ),
    example(
      'pages of two hosts long ago',
      page,
      ...TWO,
      ...[calls(700, 'fetch_url'), notes(701), calls(702, 'delete_file')],
    ),
    example('a trace for each call', ...way(0, (i) => ({ trace: made.traceOf(`${i}`) }))),
    example('a refused message', page, mailbox, post(2, refused)),
    example('a way gone in five hours', ...usually(5), ...way(18_000)),
    example('a way that somebody went within 30 days', ...pause(0.001)),
    exampleWith(ONCE, 'eight ways are remembered', ...sources(8), ...ordered(0, 8, {})),
    example('a call that names its approval', page, mailbox, post(2, approved)),
    example('a new host in an approved call', ...habits(10), approves(10), ...way(11), evil(13.5)),
    example('these arguments are approved', approves(0, { argsHmac: 'ab' }), ...way(1, { argsHmac: 'ab' })),
    example('the approval ends in a moment', approves(0, untilSecond(4)), ...way(1.999)),
    example('an approval without an end is not yet ten minutes old', approves(0), ...way(597.999)),
    example('it was seen to run', effects('tidy', 'exec', true), ...ends('tidy')),
    example('it was seen to delete', effects('tidy', 'file_delete'), ...ends('tidy')),
    ...['purge_cache', 'bash'].map((tool) => example(`${tool} destroys`, ...ends(tool))),
    example('it says that it destroys', defines('tidy', [], 'destructiveHint=true'), ...ends('tidy')),
  ),
]
export const noMatch: readonly Example[] = [
  example('two mails and an answer', calls(0, 'read_mail'), mailbox, post(2)),
  example('two private tools and an answer', calls(0, 'query_database'), notes(1), post(2)),
  example(
    'the same while somebody else reads a page',
    calls(0, 'fetch_url', bob),
    calls(1, 'query_database'),
    notes(2),
    post(3),
  ),
  example('nothing private is read', page, post(1)),
  example('it was read before', calls(0, 'read_mail'), calls(1, 'fetch_url'), post(2)),
  example(
    'nothing is carried out',
    page,
    mailbox,
    calls(2, 'fetch_url'),
    requests(3, 'fetch_url', 'y.example'),
    notes(4),
  ),
  example('a message, private data, another message', post(0), notes(1), calls(2, 'reply')),
  example('something is deleted before', calls(0, 'delete_file'), notes(1), post(2)),
  example(
    'one tool reads and sends',
    tagged('tools', 'b=private_data', 'b=egress'),
    calls(1, 'fetch_url'),
    calls(2, 'b'),
    calls(3, 'b'),
  ),
  example(
    'one tool fetches and sends',
    tagged('tools', 'a=untrusted_source', 'a=egress'),
    calls(1, 'a'),
    notes(2),
    calls(3, 'a'),
  ),
  example('an order in its own result', orders(0, { tool: 'http_post' }), post(1)),
  example('ten minutes later', page, mailbox, post(601)),
  example('taint of ten minutes ago', page, calls(600, 'read_mail'), post(601)),
  example('the same while somebody else reads a page', page, calls(300, 'fetch_url', bob), notes(600), post(601)),
  example('somebody else', page, mailbox, post(2, bob)),
  example('nobody knows who', ...way(0, made.nobody)),
  example('a refused read', page, calls(1, 'read_mail', refused), post(2)),
  example('a refused page', calls(0, 'fetch_url', refused), notes(1), post(2)),
  example('a tool that is none', tagged('tools', 'http_post=no_flow'), ...way(1)),
  example('a source of one’s own', tagged('tools', 'fetch_url=trusted_source'), orders(1), post(2)),
  example('an order in arguments', orders(0, { surface: 'arguments' }), post(1)),
  example('odd characters in a page', orders(0, { findingClass: 'unicode.bidi', verdict: 'suspicious' }), post(1)),
  example('a secret in a page', orders(0, { findingClass: 'secret.github_token' }), post(1)),
  example('its own token', ...habits(10), orders(20), requests(21, 'http_post', 'idp.example', { pathClass: 'token' })),
  example('a host inside', ...habits(10), orders(20), requests(21, 'http_post', 'db', { ipClass: 'private' })),
  example('a request that nobody named', requests(0, 'sync', 'x.example', { verb: 'POST' }), ...ends('sync')),
  example('its results hold no address', requests(0, 'lore', 'x.example'), made.results('lore'), ...brings('lore')),
  example('addresses of a tool that asks nobody', made.results('lore', 'y.example'), ...brings('lore')),
  example('a program of its own', effects('tidy', 'exec'), ...ends('tidy')),
  example('a file that it writes', effects('tidy', 'file_write', true), ...ends('tidy')),
  ...['edit_web', 'send_http', 'query_database'].map((tool) => example(`${tool} brings nothing in`, ...brings(tool))),
  example('send_file reads nothing', ...holds('send_file')),
  ...['get_command', 'add', 'read_history'].map((tool) => example(`${tool} leads nowhere`, ...ends(tool))),
  example('a clear name that takes an address', defines('query_table', ['url'], readOnly), ...brings('query_table')),
  example('a range', defines('ping', ['from', 'to']), ...ends('ping')),
  example('a recipient that is only read', defines('ping', ['cc'], readOnly), ...ends('ping')),
  example('it says that it changes nothing', defines('delete_view', ['id'], readOnly), ...ends('delete_view')),
  example('it says both', defines('tidy', [], readOnly, 'destructiveHint=true'), ...ends('tidy')),
  example('what others do', ...made.others, effects('lore', 'file_write'), post(4)),
]
