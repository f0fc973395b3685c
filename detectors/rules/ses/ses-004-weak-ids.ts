/** Ids of sessions or tasks that can be guessed. */
import { z } from 'zod'
import { noteStart, unknownPosture } from '../../access/authorization.ts'
import { days, defineRule } from '../../rule.ts'
import { judgeDuplicate, judgeIds, noIds, type Opener } from '../../sessions/id-strength.ts'
import { match, noMatch } from './examples/ses-004-weak-ids.ts'

const idFields = ['producer', 'idBits', 'idUuidVersion', 'idMonotonic', 'idVisible'] as const

export default defineRule({
  id: 'ses-004-weak-ids',
  version: 1,
  title: 'Session or task ids that can be guessed',
  severity: 'high',
  why: 'Where the id of a session or a task is all that is asked for, who can guess one is in: ids must be random, with 128 bits or as good as that.',
  falsePositives: [
    'UUIDs of version 7 have 74 random bits: weaker than asked for, and reported as medium.',
    'Random hex written like a UUID is not judged by the version it seems to have.',
    'Tasks of a server that demands a token for every request may be mere names: low.',
    'A client that opens its own session again is not a second holder of its id.',
  ],
  blindSpots: [
    'Entropy is estimated from each id alone: a constant part, or a bad source of randomness, looks as good as chance.',
    'Ids among which one in twenty is strong, and servers with less than twenty of them.',
    'Handles inside results and arguments: of them only keyed hashes are known.',
  ],
  triage: [
    'What makes the ids? Use a cryptographic source: randomUUID, or 16 random bytes.',
    'Were sessions used by others meanwhile (ses-001), or ids tried in a row (ses-005)?',
    'Bind sessions and tasks to the principal, so that an id alone opens nothing.',
  ],
  refs: ['MCP07:2025', 'T1606'],
  requires: {
    'session.created': [...idFields, 'idDuplicate', 'session', 'principal', 'sourceAddress'],
    'task.created': idFields,
    'server.started': ['producer', 'authRequired', 'anonymousMethods', 'anonymousTools'],
  },
  occasional: ['task.created', 'server.started', 'anonymousMethods', 'anonymousTools', 'principal', 'sourceAddress'],
  config: z.object({
    minBits: z.number().default(120).describe('Random bits that an id must have.'),
    minIds: z.int().min(2).default(20).describe('Ids in a row that are all weaker.'),
    risingIds: z.int().min(1).default(13).describe('Ids in a row said to rise; a producer says so from the eighth on.'),
    repeatMs: z.int().default(days(1)).describe('How long the same server is not reported again, milliseconds.'),
  }),
  per: 'server',
  about: 'server',
  ttl: days(30),
  cell: noIds,
  beside: {
    tasks: { per: 'server', cell: noIds },
    posture: { per: 'instance', ttl: days(400), cell: unknownPosture, on: { 'server.started': noteStart } },
    opener: {
      per: 'session',
      cell: (): Opener => ({ principal: '', address: '' }),
      on: { 'session.created': (e, opener) => judgeDuplicate(e, opener) },
    },
  },
  on: {
    'session.created': (e, ids, config) => judgeIds(e, 'session', ids, config),
    'task.created'(e, _, config, { tasks, posture }) {
      const match = judgeIds(e, 'task', tasks, config)
      if (match === undefined || (posture.known && !posture.required)) return match
      // With a token for every request the id is a name, no key; what is not known is not held against the server either.
      return { ...match, severity: posture.required ? 'low' : 'medium' }
    },
  },
  examples: { match, noMatch },
})
