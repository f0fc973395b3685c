/** What a server does beside its messages: content that is classified, requests and side effects, its authorization server. */
import type { Requirement } from './requirement.ts'

type Row = readonly [id: string, says: string, shows: Requirement['shows'], path: string, name: string]

const ROWS: readonly Row[] = [
  [
    'guardrail',
    'What a guardrail says of content is told.',
    ['guardrail.result'],
    'test/unit/collector/instrument/content/content-scan.test.ts',
    'is asked beside the call; its verdict is an event, and an attack a finding',
  ],
  [
    'content',
    'What classifiers find in content is told as labels.',
    ['content.finding'],
    'test/unit/collector/instrument/content/content-scan.test.ts',
    'an attack is a class on its leaf, a label on the call, and a finding with its place and a keyed hash',
  ],
  [
    'outbound',
    'Requests that a call makes are told with their destination.',
    ['outbound.request'],
    'test/unit/collector/instrument/effects/outbound.test.ts',
    'tells destination, address class, verb, status and size',
  ],
  [
    'side-effects',
    'Programs that a call starts and files that it writes are told.',
    ['side_effect'],
    'test/unit/collector/instrument/effects/side-effects.test.ts',
    'a command that repeats an argument of the call says so',
  ],
  [
    'client-registered',
    'Clients that register themselves are told.',
    ['oauth.client_registered'],
    'test/e2e/edge-oauth.test.ts',
    'registration, authorization, exchange and refresh are one event each, with hosts and keyed hashes',
  ],
  [
    'client-document',
    'Documents of clients are told when they are fetched.',
    ['oauth.cimd_fetched'],
    'test/e2e/edge-oauth.test.ts',
    'a client metadata document is read beside its reader',
  ],
]

export const SERVER_EFFECTS: readonly Requirement[] = ROWS.map(([id, says, shows, path, name]) => ({
  id: `effects.${id}`,
  spec: { document: 'Event taxonomy', section: '4.2', revision: 'threat catalogue' },
  says,
  era: 'both',
  shows,
  test: { path, name },
}))
