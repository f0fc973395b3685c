/** How severe the use of another’s session is, and what is said once: examples beside those that stand in the rule. */
import { counted, example, exampleWith, graded, idOf, sample } from '../../../sample.ts'

type Words = Parameters<typeof sample<'tool.call'>>[1]
const of = (principal: string, more: Words = {}) =>
  ({ session: 's1', principal, client: 'ide', decision: 'allow', ...more }) as const
const call = (principal: string, more: Words = {}) => sample('tool.call', of(principal, more))
const token = (principal: string, more: Words = {}) => sample('auth.token.validated', of(principal, more))
const aliases = { [idOf('alice2')]: idOf('alice'), [idOf('robot2')]: idOf('robot') }

export const match = [
  graded('critical', example('another person', call('alice'), call('bob'))),
  graded('medium', example('another person, refused', call('alice'), call('bob', { decision: 'deny' }))),
  graded('medium', example('only the token is told', call('alice'), token('bob'))),
  graded('low', example('who acts for the owner', call('alice'), call('robot', { actors: ['alice'] }))),
  graded('low', example('the same, refused', call('alice'), call('robot', { actors: ['alice'], decision: 'deny' }))),
  graded('critical', example('who acts for somebody else', call('alice'), call('robot', { actors: ['carol'] }))),
  graded(
    'low',
    exampleWith({ aliases }, 'who acts for a former subject', call('alice'), call('robot', { actors: ['alice2'] })),
  ),
  graded('medium', example('another client', call('alice'), call('alice', { client: 'curl' }))),
  counted(
    1,
    example('a request is one finding', call('alice'), call('bob', { request: 'r1' }), call('bob', { request: 'r1' })),
  ),
  counted(
    2,
    example('two requests are two', call('alice'), call('bob', { request: 'r1' }), call('bob', { request: 'r2' })),
  ),
  counted(
    2,
    example(
      'requests that nobody numbered are not one',
      call('alice'),
      call('bob', { request: '' }),
      call('bob', { request: '' }),
    ),
  ),
  counted(
    2,
    example(
      'it is said again when it turns out worse',
      call('alice'),
      token('bob', { request: 'r1' }),
      call('bob', { request: 'r1' }),
    ),
  ),
  counted(
    1,
    example(
      'and not when it turns out better',
      call('alice'),
      call('bob', { request: 'r1' }),
      token('bob', { request: 'r1' }),
    ),
  ),
  counted(
    1,
    example(
      'a client is said once',
      call('alice'),
      call('alice', { client: 'curl' }),
      call('alice', { client: 'curl' }),
    ),
  ),
  counted(
    1,
    example(
      'another person and another client in one request',
      call('alice'),
      token('bob', { request: 'r1' }),
      call('alice', { client: 'curl', request: 'r1' }),
    ),
  ),
]

export const noMatch = [
  example('a refused try with another client', call('alice'), call('alice', { client: 'curl', decision: 'deny' })),
  example('a client that is not told', call('alice'), call('alice', { client: '' })),
  example('a client that was not told before', call('alice', { client: '' }), call('alice', { client: 'curl' })),
  example('nobody, in the session of alice', call('alice'), call('')),
  exampleWith({ aliases }, 'a former subject of the owner', call('alice2'), call('alice')),
]
