/** What a server does beside its messages: content that is classified, requests and side effects, its authorization server. */
import type { Requirement } from './requirement.ts'

type Row = readonly [id: string, says: string, shows: Requirement['shows'], path: string, name: string]

const ROWS: readonly Row[] = [
  [
    'content',
    'What classifiers find in content is told as labels.',
    ['content.finding'],
    'test/unit/collector/scan/labels.test.ts',
    'are fields that an event takes',
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

const place = { document: 'Event taxonomy', section: '4.2', revision: 'threat catalogue' }

export const SERVER_EFFECTS: readonly Requirement[] = [
  ...ROWS.map(([id, says, shows, path, name]) => ({
    id: `effects.${id}`,
    spec: place,
    says,
    era: 'both' as const,
    shows,
    test: { path, name },
  })),
  {
    id: 'effects.guardrail',
    spec: place,
    says: 'What a guardrail says of content is told.',
    era: 'both',
    shows: ['guardrail.result'],
    missing: 'The verdicts of the service have tests of their own; that they become events of a call has none.',
  },
]
