/** Ids of every strength: examples. */
import { days } from '../../../rule.ts'
import { counted, example, graded, sample } from '../../../sample.ts'

type Created = NonNullable<Parameters<typeof sample<'session.created'>>[1]>
const uuid4 = { idBits: 122, idUuidVersion: 4, idVisible: true, idMonotonic: false, idDuplicate: false } as const
const opened = (more: Created = {}) => sample('session.created', { producer: 'p1', ...uuid4, ...more })
const many = (n: number, more: Created = {}) => Array.from({ length: n }, () => opened(more))
/** As a producer tells of sess-1001, sess-1002, …: that they rise is said from the eighth one on. */
const rising = (n: number, more: Created = {}) =>
  Array.from({ length: n }, (_, i) =>
    opened({ idBits: 13, idUuidVersion: 0, idMonotonic: (i >= 7 || undefined) as never, ...more }),
  )
const ordered = (n: number) => many(n, { idBits: 130, idUuidVersion: 0, idMonotonic: true })
const justStarted = { idMonotonic: undefined as never }
const ofTime = { idBits: 0, idUuidVersion: 1 } as const
const weak = { idBits: 64, idUuidVersion: 0 } as const
const tasks = (n: number, more: Parameters<typeof sample<'task.created'>>[1] = {}) =>
  Array.from({ length: n }, (_, i) => sample('task.created', { producer: 'p1', ...weak, taskFp: `a${i}`, ...more }))
const anonymous = [
  { anonymousMethods: ['ping'], anonymousTools: ['status'] },
  { anonymousMethods: [], anonymousTools: [] },
] as const
const starts = (authRequired: boolean, producer = 'p1') =>
  sample('server.started', { producer, authRequired, ...anonymous[producer === 'p1' ? 0 : 1] })
const by = (principal: string, sourceAddress: string, idDuplicate: boolean, session = 's1') =>
  opened({ session, principal, sourceAddress, idDuplicate })

export const match = [
  graded('high', example('sess-1001, sess-1002 and so on', ...rising(20))),
  graded('medium', example('as bits go', ...many(20, weak))),
  example('just below', ...many(20, { idBits: 119, idUuidVersion: 0 })),
  graded('high', example('weaker by far', ...many(20, { idBits: 63, idUuidVersion: 0 }))),
  example('UUIDs of version 2', ...many(20, { idBits: 0, idUuidVersion: 2 })),
  example('UUIDs of version 6', ...many(20, { idBits: 0, idUuidVersion: 6 })),
  example('UUIDs of version 7', ...many(20, { idBits: 74, idUuidVersion: 7 })),
  example('UUIDs of version 1', ...many(20, { idBits: 0, idUuidVersion: 1 })),
  graded('high', example('strong but in order', ...rising(20, { idBits: 130 }))),
  counted(
    1,
    example('an id of unknown order repeats nothing', ...ordered(13), opened({ ...justStarted, ts: days(2) })),
  ),
  example('another process starts meanwhile', ...ordered(7), opened(justStarted), ...ordered(6)),
  example('weak ids of two kinds', ...Array.from({ length: 20 }, (_, i) => opened(i % 2 ? weak : ofTime))),
  graded('medium', example('a space in an id', opened({ idVisible: false, idBits: 10, idUuidVersion: 0 }))),
  example(
    'the same id for bob',
    by('alice', 'a1', false),
    by('bob', 'a1', true, 's2'),
    by('bob', 'a1', true),
    by('alice', 'a1', true),
  ),
  example('for who is not known, elsewhere', by('alice', 'a1', false), by('', 'a2', true)),
  example('for bob, elsewhere', by('', 'a1', false), by('bob', 'a2', true)),
  example('nobody is known, but it went to two addresses', by('', 'a1', false), by('', 'a2', true)),
  graded('high', example('task ids', starts(false), ...tasks(20, { idMonotonic: true }))),
  graded('medium', example('task ids of who says nothing', ...tasks(20, { idMonotonic: true }))),
  graded('low', example('task ids of a server that demands tokens', starts(true), ...tasks(20, { idMonotonic: true }))),
  counted(
    2,
    example(
      'it is reported again a day later',
      ...many(21, weak),
      opened({ ...weak, ts: 20_000 + days(1) - 1 }),
      opened({ ...weak, ts: 20_000 + days(1) }),
    ),
  ),

  counted(
    2,
    example('handed out twice, to bob', by('alice', 'a1', false), by('bob', 'a1', true), by('bob', 'a1', true)),
  ),
  counted(2, example('twice elsewhere', by('', 'a1', false), by('', 'a2', true), by('', 'a2', true))),
]

export const noMatch = [
  example('UUIDs of version 4', ...many(40), starts(true, 'p2')),
  example('nineteen weak ones, then a strong one', ...many(19, weak), opened(), ...many(19, weak)),
  example('exactly 120 bits', ...many(20, { idBits: 120, idUuidVersion: 0 })),
  example('nineteen in order, then one that is not', ...rising(19, { idBits: 130 }), opened()),
  example('UUIDs of version 7 are in order', ...many(19, { idBits: 74, idUuidVersion: 7, idMonotonic: true })),
  example('twelve in order', ...ordered(12), opened(), ...ordered(12)),
  example(
    'hex written like UUIDs',
    ...[1, 9, 3, 1, 14, 6, 2, 13, 8, 9, 1, 3, 12, 6, 2, 10, 5, 3, 11, 15, 1, 9].map((idUuidVersion) =>
      opened({ idBits: 0, idUuidVersion }),
    ),
  ),
  example('not said of its characters', opened({ idVisible: undefined as never }), by('', '', true)),
  example('an address that is not known', by('', 'a1', false), by('', '', true)),
  example('nothing is said of the ids', ...Array.from({ length: 21 }, () => sample('session.created', {}))),
  example('alice opens it again', by('alice', 'a1', false), by('alice', 'a2', true)),
  example('from the same address', by('', 'a1', false), by('', 'a1', true)),
  example('by somebody unknown', by('alice', '', false), by('', 'a2', true), by('bob', 'a2', false)),
  example('two sessions', by('alice', 'a1', false), by('bob', 'a2', true, 's2')),
  example('good task ids', ...tasks(20, { producer: 'p3', ...uuid4 }), ...tasks(1, { idVisible: true })),
]
