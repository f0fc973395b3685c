/** A server that requires authorization has tools that do not say what their caller must have. */
import { z } from 'zod'
import { noteOpenness, undeclaredTools, unknownOpenness } from '../../access/declared-requirements.ts'
import { days, defineRule } from '../../rule.ts'
import { example, graded, hashOf, sample } from '../../sample.ts'

type Start = NonNullable<Parameters<typeof sample<'server.started'>>[1]>
const started = (more: Start = {}) => sample('server.started', { authRequired: true, ...more })
type Tool = { name: string; requiredScopes?: string[]; tags?: string[] }
type Registry = NonNullable<Parameters<typeof sample<'tools.registry'>>[1]>
const shows = (tools: readonly Tool[], more: Registry = {}) =>
  sample('tools.registry', { definitions: tools.map((tool) => ({ hash: hashOf(tool.name), ...tool })), ...more })
const tagged = (...tags: string[]) => sample('inventory.snapshot', { inventoryKind: 'tools', tags })
const drop = { name: 'drop_table' }
const list = { name: 'list_tables' }
const scoped = { name: 'read_rows', requiredScopes: ['db:read'] }

export default defineRule({
  id: 'scp-011-undeclared-requirement',
  version: 1,
  title: 'Tool without a declared authorization requirement',
  severity: 'low',
  why: 'A tool that any valid token may use is as open as the least of all tokens.',
  falsePositives: [
    'Tools that are public on purpose: tag them public in the inventory, best with the day of the review (public:2026-05-01 holds for a year), or list them as anonymousTools.',
    'A server that checks inside its tools and declares nothing: info, unless a tool looks dangerous by its name.',
  ],
  blindSpots: [
    'Servers that do not say that they require authorization, stdio among them.',
    'A requirement that is declared and not checked: see scp-001.',
    'Lists of so many tools that the event had to leave out details.',
  ],
  triage: [
    'Who should use the tool? Declare its scopes (requiredScopes, or requireScopes of SDK v2).',
    'Who used it so far? List its calls by principal.',
  ],
  refs: ['MCP07:2025', 'MCP02:2025'],
  requires: {
    'server.started': ['authRequired', 'anonymousTools'],
    'tools.registry': ['definitions', 'flags'],
  },
  occasional: ['anonymousTools', 'flags'],
  asksInventory: true,
  applies: { transports: ['http', 'sse_legacy'] },
  config: z.object({}),
  per: 'server',
  ttl: days(400),
  // One finding a day, whatever number of processes and lists.
  cooldown: days(1),
  cell: unknownOpenness,
  on: {
    'server.started': (e, cell) => noteOpenness(e, cell),
    'tools.registry'(e, cell) {
      if (!cell.required || e.flags.includes('definitions_trimmed')) return
      const { names, isGrave } = undeclaredTools(e, cell)
      if (names.length === 0) return
      return {
        severity: isGrave ? 'low' : 'info',
        saw: `${names.length} of ${e.definitions.length} tools require nothing, such as ${names.slice(0, 3).join(', ')}`,
        expected: 'scopes for each tool, or a reviewed tag public',
        evidence: { tools: names },
      }
    },
  },
  examples: {
    match: [
      graded('low', example('drop_table requires nothing', started(), shows([drop, scoped]))),
      graded('low', example('others do declare', started(), shows([list, scoped]))),
      graded('low', example('one of none looks dangerous', started(), shows([list, drop]))),
      graded('info', example('no tool declares anything', started(), shows([list]))),
      example('another tool is public', tagged('list_tables=public'), started(), shows([drop, list])),
      example('the review is a year old', tagged('list_tables=public:2025-01-01'), started(), shows([list], { ts: 0 })),
      example(
        'the tag means something else',
        tagged('list_tables=public:soon', 'list_tables=publicity'),
        started(),
        shows([list]),
      ),
      example('another tool is anonymous', started({ anonymousTools: ['list'] }), shows([list])),
    ],
    noMatch: [
      example('public by the inventory', tagged('drop_table=public'), started(), shows([drop, scoped])),
      example(
        'just within a year',
        tagged('drop_table=public:2025-01-01'),
        started(),
        shows([drop, scoped], { ts: -1 }),
      ),
      example('public by its definition', started(), shows([{ ...drop, tags: ['public'] }])),
      example('anonymous by declaration', started({ anonymousTools: ['drop_table'] }), shows([drop])),
      example('each tool declares its scopes', started(), shows([scoped])),
      example('it declares that it needs none', started(), shows([{ ...list, requiredScopes: [] }])),
      example('nobody says that authorization is required', shows([drop])),
      example('nor does stdio', started({ authRequired: false }), shows([drop, scoped])),
      example('details were left out', started(), shows([drop], { flags: ['definitions_trimmed'] })),
    ],
  },
})
