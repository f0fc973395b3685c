/** A client registers under the name of another, and its codes go elsewhere. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { judgeName, noClients } from '../../oauth/look-alike.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Registered = NonNullable<Parameters<typeof sample<'oauth.client_registered'>>[1]>
const registers = (clientNameKey: string, host: string, more: Registered = {}) =>
  sample('oauth.client_registered', { clientNameKey, redirectHosts: [host], decision: 'allow', ...more })
const thrice = (name: string) => Array.from({ length: 3 }, () => registers(name, 'editor.example'))
const known = thrice('goodeditor')
const hosts = (n: number) => Array.from({ length: n }, (_, i) => `h${i}.example`)
const at = (n: number) => Array.from({ length: 3 }, () => registers('goodeditor', '', { redirectHosts: hosts(n) }))
const named = (n: number) =>
  Array.from({ length: n }, (_, i) => registers(`${'abcdefghijklmnopq'[i]}-another`, 'x.example'))
const list = { knownClients: { goodeditor: ['editor.example'], other: ['none.example'] } }

export default defineRule({
  id: 'oau-006-look-alike-client',
  version: 1,
  title: 'Client that looks like another',
  severity: 'medium',
  why: 'Anybody may register a client and call it as he likes: people agree to a name they know, and the code goes to somebody else.',
  falsePositives: [
    'A client that is known and adds a host, or another version in its name: silent while one host stays.',
    'Names that many give themselves are learned as nobody’s.',
    'A client that moves to another host: list it with both.',
  ],
  blindSpots: [
    'Names that are known elsewhere, but not on this server: list them with their hosts.',
    'Redirects to loopback or to a scheme without a host lead to the machine of the user, whatever the name.',
    'Logos, and what the consent page shows besides the name.',
  ],
  triage: [
    'Whose are the hosts of the redirects?',
    'Has anybody agreed to the client (oau-001)? Revoke its tokens.',
    'Remove the client; use metadata documents (CIMD), whose address is their name.',
  ],
  refs: ['MCP07:2025', 'MCP09:2025', 'T1098.001', 'T1036'],
  requires: { 'oauth.client_registered': ['clientNameKey', 'redirectHosts'] },
  config: z.object({
    knownClients: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Hosts of clients by name, without case and separators: a look-alike of these is high.'),
    distance: z.int().min(0).max(4).default(2).describe('Letters by which names of six letters and more may differ.'),
  }),
  per: 'server',
  ttl: days(90),
  cell: noClients,
  on: {
    'oauth.client_registered'(e, clients, config) {
      if (!wasRefused(e)) return judgeName(e, clients, config)
    },
  },
  examples: {
    match: [
      graded(
        'medium',
        example('the name of a known client, another host', ...known, registers('goodeditor', 'evil.example')),
      ),
      graded('medium', example('one letter more', ...known, registers('goodeditors', 'evil.example:443'))),
      graded('medium', example('two letters off', ...known, registers('gcodedltor', 'evil.example'))),
      graded('high', exampleWith(list, 'the name of one that is listed', registers('goodeditor', 'evil.example'))),
      graded('high', exampleWith(list, 'nearly so', registers('gooeditor', 'evil.example'))),
      graded('medium', example('a version more', ...known, registers('goodeditor2', 'evil.example'))),
      graded(
        'medium',
        example(
          'known at another port',
          ...known.slice(1),
          registers('goodeditor', 'editor.example:8443'),
          registers('goodeditor', 'evil.example'),
        ),
      ),
      graded('medium', example('one of four hosts is not its own', ...at(4), registers('goodeditor', 'evil.example'))),
      graded(
        'medium',
        example(
          'known beside fifteen',
          ...known.slice(2),
          ...named(15),
          ...known.slice(1),
          registers('goodeditor', 'evil.example'),
        ),
      ),
      graded('medium', example('a short name that is the same', ...thrice('ide'), registers('ide', 'evil.example'))),
      graded('medium', example('six letters', ...thrice('editor'), registers('edltor', 'evil.example'))),
      graded(
        'medium',
        example(
          'of sixteen, those that came often stay',
          ...known,
          ...named(16),
          registers('goodeditor', 'evil.example'),
        ),
      ),
    ],
    noMatch: [
      example('a known host, another version', ...known, registers('goodeditor2', 'editor.example')),
      example(
        'a host more',
        ...known,
        registers('goodeditor', 'evil.example', { redirectHosts: ['evil.example', 'editor.example'] }),
      ),
      example('five hosts', ...at(5), registers('goodeditor', 'evil.example')),
      example(
        'forgotten among sixteen',
        ...known.slice(2),
        ...named(16),
        ...known.slice(1),
        registers('goodeditor', 'evil.example'),
      ),
      example('seen only twice', ...known.slice(1), registers('goodeditor', 'evil.example')),
      example(
        'a name that many have',
        ...known.slice(1),
        registers('goodeditor', 'b.example'),
        ...known,
        registers('goodeditor', 'c.example'),
      ),
      example('three letters off', ...known, registers('gcodedltar', 'evil.example')),
      example('two letters fewer, and one off', ...known, registers('ocodedit', 'evil.example')),
      example('short names', ...thrice('ideas'), registers('ideos', 'evil.example')),
      example(
        'on the machine of the user',
        ...known,
        registers('goodeditor', '127.0.0.1:3000'),
        registers('goodeditor', 'x', { redirectHosts: [] }),
      ),
      example('no name', ...thrice(''), registers('', 'evil.example')),
      example('refused', ...known, registers('goodeditor', 'evil.example', { decision: 'deny' })),
      exampleWith(list, 'its own host', registers('goodeditor', 'editor.example:443')),
      exampleWith({ distance: 0 }, 'equal names alone', ...known, registers('goodeditors', 'evil.example')),
    ],
  },
})
