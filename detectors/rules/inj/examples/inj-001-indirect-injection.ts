/** Examples of inj-001: where an order stands, how it is written, what agrees with it, and whose content it is. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, type Sample, sample } from '../../../sample.ts'

type Words = NonNullable<Parameters<typeof finds>[3]>
const marker = finds('result', 'injection.role_marker', 'malicious')
const doubtful = (more: Words = {}): Sample => finds('result', 'injection.command', 'suspicious', more)
const order = doubtful({ contentPath: 'content[0].text' })
const encoded = (decodings: string[], contentPath = 'content[0].text'): Sample => doubtful({ decodings, contentPath })
const asks = (destinationHost: string, redirects = 0, request = 'r1'): Sample =>
  sample('outbound.request', { request, tool: 'fetch', destinationHost, redirects })
const WIKI = 'wiki.example.com'
const ours = tagged('destinations', `${WIKI}=trusted_content`)
const own = tagged('tools', 'fetch=trusted_source')

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example(
      'a hidden part orders to call an export and send it away',
      finds('result', 'injection.recipient', 'malicious', { domains: ['attacker.example'], validated: true }),
    ),
    example('a marker and an order', marker, order),
    example('an order and a marker', order, marker),
    example(
      'hidden characters and an order, found by one detector',
      finds('result', 'unicode.bidi', 'suspicious', { detector: 'injection' }),
      order,
    ),
    example('two detectors agree', order, doubtful({ detector: 'shield' })),
    example('a doubtful order in base64', encoded(['html', 'base64'])),
    example('a doubtful order in hex', encoded(['hex'])),
    example('a link that carries talk away', finds('prompt', 'exfiltration.slot')),
  ),
  ...allGraded(
    'medium',
    example('a doubtful order in a resource', finds('resource', 'injection.memory', 'suspicious', { tool: '' })),
    example('two doubtful orders of one detector', order, finds('result', 'injection.memory', 'suspicious')),
    example('a detector without a name agrees with nobody', order, doubtful({ detector: '' })),
    example('a marker of a turn', marker),
    example('two marks', marker, finds('result', 'unicode.tag', 'malicious', { detector: 'injection' })),
    example(
      'a picture and odd letters, found by one detector',
      finds('result', 'exfiltration.slot', 'suspicious', { detector: 'one' }),
      finds('result', 'homoglyph.fullwidth', 'suspicious', { detector: 'one' }),
    ),
    example('a doubtful order in the blob of a resource', encoded(['base64'], 'contents[0].blob')),
    example('a doubtful order in the data of a picture', encoded(['base64'], 'content[0].data')),
    example('a doubtful order in an address', encoded(['percent'])),
    example('invisible characters', finds('error', 'unicode.zero_width', 'malicious', { decodings: ['html'] })),
    example(
      'letters of two alphabets',
      finds('prompt', 'homoglyph.mixed_script', 'malicious', { parameterRole: 'text' }),
    ),
    example('a tool of another tag', tagged('tools', 'fetch=egress'), order),
    example('a host of one’s own redirects elsewhere', ours, asks(WIKI, 1), order),
    example('a host of one’s own in another call', ours, asks(WIKI, 0, 'r2'), order),
    example('a host that nobody tagged', ours, asks('blog.example.net'), order),
    example('in two calls nothing adds up', marker, doubtful({ request: 'r2' })),
  ),
  ...allGraded(
    'low',
    example('odd characters in a page', finds('result', 'unicode.bidi', 'suspicious')),
    example('a tool of one’s own', own, order),
    example('a tool of one’s own, however bad', own, finds('result', 'injection.conceal')),
    example('a host of one’s own', ours, asks(WIKI), order),
  ),
]
export const noMatch: readonly Example[] = [
  example('an article explains injection in a block of code', finds('result', 'injection.override', 'benign')),
  example('an order in a definition is the business of tdf-003', finds('definition', 'injection.override')),
  example('an order in arguments is the business of inj-002', finds('arguments', 'injection.override')),
  example('a secret in a result', finds('result', 'secret.github_token')),
  example('a detector that cannot say', finds('result', 'injection.override', 'unknown')),
]
