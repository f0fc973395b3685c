/** How severe the reuse of a handle is, and where its borders are: examples beside those that stand in the rule. */
import { counted, example, exampleWith, graded, idOf, sample } from '../../../sample.ts'

type Policy = 'private' | 'shared' | 'unknown'
const handle = (policy: Policy, path = '/basket', more: object = {}) => ({
  fp: idOf('basket-1'),
  path,
  policy,
  ...more,
})
const mint = (principal: string, policy: Policy = 'private', path = '/basket', more: object = {}) =>
  sample('tool.result', { principal, mintedHandles: [handle(policy, path, more)], outcome: 'ok', request: 'r1' })
type Words = Parameters<typeof sample<'tool.call'>>[1]
const present = (principal: string, policy: Policy = 'private', path = '/basket', more: Words = {}) =>
  sample('tool.call', { principal, argHandles: [handle(policy, path)], decision: 'allow', ...more })
const task = (principal: string, more: Parameters<typeof sample<'task.accessed'>>[1] = {}) =>
  sample('task.accessed', { principal, taskFp: 't1', op: 'result', decision: 'allow', ...more })
const created = sample('task.created', { principal: 'alice', taskFp: 't1' })
const listed = { inList: true }
const seenBy = (...people: string[]) => people.map((who) => mint(who, 'private', '/basket', listed))

export const match = [
  graded('high', example('used by bob', mint('alice'), present('bob'))),
  graded(
    'medium',
    example('refused to bob', mint('alice'), present('bob', 'private', '/basket', { decision: 'deny' })),
  ),
  graded(
    'low',
    example('by who acts for alice', mint('alice'), present('bob', 'private', '/b', { actors: ['alice'] })),
  ),
  graded(
    'low',
    example(
      'refused to who acts for alice',
      mint('alice'),
      present('bob', 'private', '/b', { actors: ['alice'], decision: 'deny' }),
    ),
  ),
  graded('critical', example('her result is handed out', created, task('bob', { resultReturned: true }))),
  graded('medium', example('her result is refused', created, task('bob', { decision: 'deny', resultReturned: false }))),
  graded('high', example('her task is looked at', created, task('bob', { op: 'get', resultReturned: false }))),
  graded(
    'medium',
    exampleWith(
      { judgeUnknown: true },
      'one that nobody declared',
      mint('alice', 'unknown', '/n'),
      present('bob', 'unknown', '/n'),
    ),
  ),
  example('declared private where it is presented', mint('alice', 'unknown', '/n'), present('bob', 'private', '/n')),
  example('its path says so where it is presented', mint('alice', 'unknown', '/n'), present('bob', 'unknown', '/cart')),
  example('its path says so where it was minted', mint('alice', 'unknown', '/cart'), present('bob', 'unknown', '/n')),
  example(
    'a declaration outlasts a result that declares nothing',
    mint('alice'),
    mint('alice', 'unknown', '/n'),
    present('bob', 'unknown', '/n'),
  ),
  example(
    'a later declaration counts',
    mint('alice', 'unknown', '/n'),
    mint('alice', 'private', '/n'),
    present('bob', 'unknown', '/n'),
  ),
  example('it stays hers when bob’s list shows it', mint('alice'), mint('bob'), present('bob')),
  example('two people saw it in lists', ...seenBy('alice', 'bob'), present('dave')),
  example('somebody unknown saw it, too', ...seenBy('alice', 'bob', ''), present('dave')),
  example('minted for nobody, taken by alice', mint(''), present('alice'), present('bob')),
  counted(
    1,
    example(
      'a request is one finding',
      mint('alice'),
      present('bob', 'private', '/b', { request: 'r2' }),
      present('bob', 'private', '/b', { request: 'r2' }),
    ),
  ),
  counted(
    1,
    exampleWith(
      { judgeUnknown: true },
      'one that nobody declared, said once',
      mint('alice', 'unknown', '/n'),
      present('bob', 'unknown', '/n', { request: 'r2' }),
      present('carol', 'unknown', '/n', { request: 'r3' }),
    ),
  ),
  example('one person saw it in a list three times', ...seenBy('alice', 'alice', 'alice'), present('dave')),
  example('three people saw it, none in a list', mint('alice'), mint('bob'), mint('carol'), present('dave')),
  example(
    'the second refusal does not hide the use',
    mint('alice'),
    present('bob', 'private', '/b', { decision: 'deny', request: 'r2' }),
    present('bob', 'private', '/b', { request: 'r3' }),
  ),
  graded(
    'high',
    example(
      'a request turns out to be allowed after all',
      mint('alice'),
      present('bob', 'private', '/b', { decision: 'deny', request: 'r2' }),
      present('bob', 'private', '/b', { decision: 'allow', request: 'r2' }),
    ),
  ),
]

export const noMatch = [
  example('nobody presents it', mint('alice'), present('')),
  example('a caller without identity, before it was minted', present('alice'), present('bob')),
  example('shared where it was minted', mint('alice', 'shared'), present('bob', 'private')),
  example('shared where it is presented', mint('alice'), present('bob', 'shared')),
  example(
    'minted for nobody, taken by alice after bob was refused',
    mint(''),
    present('bob', 'private', '/b', { decision: 'deny' }),
    present('alice'),
    present('alice'),
  ),
]
