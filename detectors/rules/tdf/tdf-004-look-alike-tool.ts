/** A tool is made to be taken for a tool of another server, or its definition orders what becomes of that one. */
import { z } from 'zod'
import { judgeOffered, judgeOrder, unused } from '../../definitions/look-alikes.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { shows, type Words } from '../../sample-registry.ts'

/** What files or mail offers, at minutes. */
const files = (at: number, ...tools: Words[]) => shows(at, tools, { server: 'files' })
const mail = (at: number, ...tools: Words[]) => shows(at, tools, { server: 'mail' })
const read = { name: 'read_file' }
const CYRILLIC = { name: 'r\u0435ad_file', nameKey: 'readfile' }
const digit = { name: 'read_fi1e', nameKey: 'readfile' }
const search = { name: 'search' }
const order = ['injection.cross_tool=suspicious']
const speaks = { name: 'send', mentions: ['read_file'] }
const orders = { ...speaks, verdicts: order }
const harms = { name: 'forward', mentions: ['copy_file'], verdicts: ['injection.override=malicious'] }
const copy = { name: 'copy_file' }
const owned = (...tags: string[]) => sample('inventory.snapshot', { server: '*', inventoryKind: 'servers', tags })
const ownedTogether = owned('files=owner:office', 'mail=owner:office')
const ORDER = /^injection\..*=(?:suspicious|malicious)$/
const ownerOf = (tags: readonly string[], prefix: string): string => tags.find((tag) => tag.startsWith(prefix)) ?? ''

export default defineRule({
  id: 'tdf-004-look-alike-tool',
  version: 1,
  title: 'Tool that looks like, or speaks of, a tool of another server',
  severity: 'high',
  why: 'A client merges the tools of all its servers: a twin takes the calls of the real one, and an order in one definition moves another.',
  falsePositives: [
    'Two servers that both have `search`, `read-file` or `readFile`: equal names, and other case or separators, are no finding.',
    'Manuals that name a tool of another server: only with an order to the model in the same definition it is a finding.',
    'Servers of one owner: give both the same inventory tag `owner:…`.',
  ],
  blindSpots: [
    'Tools of servers that are not audited here: what a host merges is known to the host alone.',
    'Look-alikes are those of UTS 39 for Latin, Cyrillic, Greek, Armenian and Cherokee, 0 for o and 1 for l.',
    'A name of one word, such as `search`, is not taken for a mention.',
  ],
  triage: [
    'Which of the two is the real one, and who owns the other?',
    'List the calls of the twin: what was handed to it?',
    'Remove the twin; ask its author for another name.',
  ],
  refs: ['MCP03:2025', 'MCP09:2025', 'AML.T0074', 'T1036', 'SAFE-T1008', 'SAFE-T1301'],
  asksInventory: true,
  requires: {
    'definition.seen': ['tool', 'nameSkeleton'],
    'tool.mentioned': ['tool', 'nameSkeleton', 'mention', 'verdicts'],
  },
  occasional: ['tool.mentioned', 'mention', 'verdicts'],
  config: z.object({
    ownerTag: z.string().default('owner:').describe('What tags of servers begin with that say whose they are.'),
  }),
  per: 'fleetTool',
  ttl: days(30),
  cell: unused,
  on: {
    'definition.seen': (e, use, { ownerTag }) =>
      judgeOffered({ tool: e.tool, server: e.server, owner: ownerOf(e.tagsOf('servers', e.server), ownerTag) }, use),
    'tool.mentioned'(e, use, { ownerTag }) {
      if (e.verdicts.some((each) => ORDER.test(each)))
        return judgeOrder({ server: e.server, owner: ownerOf(e.tagsOf('servers', e.server), ownerTag) }, use)
    },
  },
  examples: {
    match: [
      graded('high', example('a Cyrillic letter on a second server', files(0, read), mail(1, CYRILLIC))),
      graded('high', example('the twin comes first', mail(0, CYRILLIC), files(1, read))),
      graded('medium', example('a digit for a letter', files(0, read), mail(1, digit))),
      graded('high', example('on the same server', files(0, read, CYRILLIC))),
      graded('high', example('an order about a tool of another server', files(0, read), mail(1, orders))),
      graded('high', example('the order comes first', mail(0, orders), files(1, read))),
      graded('high', example('doubtful and harmful orders', files(0, copy), mail(1, harms))),
      graded('high', example('two that imitate it', files(0, read), mail(1, digit), mail(2, CYRILLIC))),
      example('one of them has an owner', owned('files=owner:office'), files(0, read), mail(1, orders)),
      example('the other has an owner', owned('mail=owner:office'), files(0, read), mail(1, orders)),
      example('tags that name no owner', owned('mail=office', 'files=office'), files(0, read), mail(1, orders)),
      exampleWith({ ownerTag: 'team:' }, 'owners are other tags', ownedTogether, files(0, read), mail(1, orders)),
    ],
    noMatch: [
      example('two servers that both search', files(0, search), mail(1, search)),
      example(
        'another case and other separators',
        files(0, read),
        mail(1, { name: 'readFile' }),
        mail(2, { name: 'Read-File' }),
      ),
      example('a manual for its own tools', files(0, { ...orders, mentions: ['read_file'] }, read)),
      example('nobody offers what it speaks of', mail(0, orders)),
      example('servers of one owner', ownedTogether, files(0, read), mail(1, orders)),
      example('a name of another script alone', mail(0, CYRILLIC)),
      example('a manual that names it', files(0, read), mail(1, speaks)),
      example('a trace of an order', files(0, read), mail(1, { ...speaks, verdicts: ['injection.x=benign'] })),
      example('what is no order', files(0, read), mail(1, { ...speaks, verdicts: ['pii.email=malicious'] })),
      example('it gives orders about its own tool', files(0, read), files(1, orders)),
    ],
  },
})
