/** Streams that are resumed: examples. */
import { days } from '../../../rule.ts'
import { counted, example, exampleWith, graded, idOf, sample } from '../../../sample.ts'

type Opened = NonNullable<Parameters<typeof sample<'stream.opened'>>[1]>
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const opens = (principal: string, more: Opened = {}) =>
  sample('stream.opened', { session: 's1', principal, sourceAddress: 'a1', streamKind: 'get', ...more })
const resumes = (principal: string, more: Opened = {}) => opens(principal, { lastEventFp: 'e9', ...more })
const refused = (principal: string, more: Request = {}) =>
  sample('http.request', { session: 's1', principal, decision: 'deny', lastEventIdPresent: true, ...more })
const breaks = (closedBy: 'client' | 'server', sourceAddress = 'a1') =>
  sample('stream.closed', { session: 's1', closedBy, sourceAddress, ts: 10_000 })
const created = (principal: string, more: Parameters<typeof sample<'session.created'>>[1] = {}) =>
  sample('session.created', { session: 's1', principal, ...more })
const speaks = (...supportedVersions: string[]) => sample('server.identity', { supportedVersions })
const relic = (more: Request = {}) => sample('http.request', { sessionHeaderPresent: true, decision: 'allow', ...more })
const alice = opens('alice')
const gone = breaks('client')
const modern = speaks('2026-07-28', '2027-01-15')
const forAlice = { actors: ['alice'] }
const closed = { session: 's2', sourceAddress: 'a2', closedBy: 'client' } as const
const away = { sourceAddress: 'a2' } as const
const other = { session: 's2', sourceAddress: 'a2' } as const

export const match = [
  graded('high', example('bob resumes the stream of alice', alice, resumes('bob'))),
  example('bob resumes in her session', created('alice'), opens(''), resumes('bob', { actors: ['ci'] })),
  graded('medium', example('bob is refused', alice, refused('bob'))),
  graded(
    'low',
    example('a service that acts for alice', alice, resumes('robot', forAlice), refused('robot', forAlice)),
  ),
  graded(
    'low',
    example('alice from elsewhere, a minute later', alice, gone, resumes('alice', { ...away, ts: 70_000 })),
  ),
  graded('medium', example('somebody from elsewhere at once', opens(''), gone, resumes('', away))),
  example('a session header where there are no sessions', modern, relic()),
  example('something to resume there', modern, relic({ lastEventIdPresent: true, sessionHeaderPresent: false })),
  counted(2, example('each day anew', modern, ...[0, days(1) - 1, days(1)].map((ts) => relic({ ts: ts + 5_000 })))),
]

export const noMatch = [
  example('alice resumes after her network was gone', alice, gone, resumes('alice')),
  example('another stream of the session', alice, opens('bob')),
  example('alice from elsewhere, later', alice, gone, resumes('alice', { ...away, ts: 70_001 })),
  example('the server ended it', alice, breaks('server'), resumes('alice', away)),
  example('it did not break', alice, resumes('alice', away)),
  example('addresses that are not known', alice, breaks('client', ''), resumes('alice', away)),
  example('nor this one', alice, gone, resumes('alice', { sourceAddress: '' })),
  example('nobody is known', alice, resumes(''), resumes('bob', other), refused('', away)),
  example('refused from elsewhere', alice, gone, refused('alice', { ...away, ts: 11_000 })),
  example('a refused stranger owns nothing', created('bob', { decision: 'deny' }), alice, resumes('alice')),
  example('bob is refused something else', alice, refused('bob', { lastEventIdPresent: false })),
  example('bob is let in: his stream tells', alice, refused('bob', { decision: 'allow' })),
  exampleWith({ aliases: { [idOf('alice2')]: idOf('alice') } }, 'a new subject', alice, resumes('alice2')),
  example('both eras', speaks('2026-07-28', '2025-11-25'), relic(), speaks(), relic({ session: 's3' })),
  example('nothing of sessions', modern, relic({ sessionHeaderPresent: false })),
  example('another session', created('alice', { session: 's2' }), sample('stream.closed', closed)),
]
