/** Examples of what a server offers and when: tools that come and go, their names and number, capabilities, and how often. Minutes apart. */
import { type Example, minutes } from '../rule.ts'
import { example, exampleWith, graded, sample } from '../sample.ts'
import { beats, deploys, shows, type Words } from '../sample-registry.ts'

const read: Words = { name: 'read_file' }
const list: Words = { name: 'list_files' }
const exec: Words = { name: 'exec_shell', shape: ['* object', '!command string role=shell'] }
const evil: Words = { name: 'notes', verdicts: ['injection.conceal=suspicious'] }
const doubtful: Words = { name: 'notes', verdicts: ['injection.conceal=benign'] }
const b2 = { build: 'b2' }
const unknown = { build: '' }
const admin = { scopeSetHash: 'ad' }
const cut = { flags: ['definitions_trimmed'] }
/** So many tools, with names that are as long in all, lines and their ends together. They say little else: an event has its bound. */
const BARE = { description: '', wording: '', hash: '', fields: [], shape: [] } as const
const many = (count: number, characters: number): Words[] => {
  const rest = characters - count * 11
  return Array.from({ length: count }, (_, at) => ({
    ...BARE,
    name: `tool_${String(at).padStart(5, '0')}${at === 0 ? 'x'.repeat(Math.max(0, rest + 1)) : ''}`,
  }))
}
type Identity = NonNullable<Parameters<typeof sample<'server.identity'>>[1]>
const identity = (at: number, more: Identity) =>
  sample('server.identity', {
    ts: minutes(at),
    build: 'b1',
    era: 'modern',
    capabilities: ['tools'],
    extensions: [],
    ...more,
  })
const told = (at: number, more: Parameters<typeof sample<'notification.sent'>>[1] = {}) =>
  sample('notification.sent', {
    ts: minutes(at),
    notification: 'notifications/tools/list_changed',
    producer: 'p1',
    ...more,
  })
const changed = (...at: readonly number[]) => at.map((each) => told(each))
const others = (...at: readonly number[]) =>
  at.map((each) => told(each, { notification: 'notifications/resources/list_changed' }))
const sampling = { capabilities: ['tools', 'sampling'] }
const SECOND = 1 / 60

export const OFFERED: readonly Example[] = [
  graded('medium', example('exec_shell appears', shows(0, [read]), shows(1, [read, exec]))),
  graded('low', example('a tool appears', shows(0, [read]), shows(1, [read, list]))),
  graded('info', example('a tool goes', shows(0, [read, list]), shows(1, [read]))),
  graded('low', example('one goes and one comes', shows(0, [read]), shows(1, [list]))),
  graded('high', example('a new tool with an order to the model', shows(0, [read]), shows(1, [read, evil]))),
  graded('low', example('a new tool with a trace of one', shows(0, [read]), shows(1, [read, doubtful]))),
  graded('info', example('a tool with an order stays', shows(0, [read, evil]), shows(1, [evil]))),
  graded('medium', example('a renamed tool', shows(0, [read]), shows(1, [{ name: 'readFile' }]))),
  graded('high', example('renamed, with an order', shows(0, [{ name: 'Notes' }]), shows(1, [evil]))),
  graded('low', example('no build is known any more', shows(0, [read]), shows(1, [read, list], unknown))),
  graded('low', example('a build is known now', shows(0, [read], unknown), shows(1, [read, list]))),
  graded('low', example('a new build that nobody deployed', shows(0, [read]), shows(1, [read, list], b2), beats(40))),
  graded(
    'medium',
    example(
      'another change waits with it',
      shows(0, [read]),
      shows(1, [read, list], b2),
      shows(2, [read, exec], unknown),
      beats(40),
    ),
  ),
  graded(
    'medium',
    example(
      'the graver of two that wait',
      shows(0, [read]),
      shows(1, [read, exec], b2),
      shows(2, [read], { build: 'b3' }),
      beats(40),
    ),
  ),
  graded(
    'medium',
    example(
      'the second is the graver',
      shows(0, [read]),
      shows(1, [read, list], b2),
      shows(2, [exec], { build: 'b3' }),
      beats(40),
    ),
  ),
  graded(
    'info',
    example(
      'what waited before is forgotten',
      shows(0, [read]),
      deploys(0, 'b2'),
      shows(20, [read, exec], b2),
      deploys(90, 'b2'),
      shows(100, [read], { build: 'b3' }),
      beats(150),
    ),
  ),
  example('deployed too long ago', deploys(0, 'b2'), shows(29, [read]), shows(31, [read, list], b2), beats(70)),
  example(
    'another server was deployed',
    deploys(0, 'b1', { deployedServer: 'other' }),
    shows(0, [read]),
    shows(1, [read, list]),
  ),
  example('a client was released', deploys(0, 'b1', { deployedClient: 'ide' }), shows(0, [read]), shows(1, [list])),
  graded(
    'medium',
    example(
      'it comes again',
      shows(0, [read]),
      deploys(1, 'b2'),
      shows(2, [read, exec], b2),
      shows(40, [read], b2),
      shows(41, [read, exec], b2),
    ),
  ),
  graded(
    'medium',
    example(
      'renamed among as many names as are known',
      shows(0, [read, ...many(200, 2_490)]),
      shows(1, [{ name: 'readFile' }, ...many(200, 2_490)]),
    ),
  ),
  graded(
    'low',
    example(
      'renamed among more',
      shows(0, [read, ...many(200, 2_491)]),
      shows(1, [{ name: 'readFile' }, ...many(200, 2_491)]),
    ),
  ),
  graded('info', example('one of very many goes', shows(0, [read, ...many(300, 3_300)]), shows(1, many(300, 3_300)))),
  graded(
    'high',
    example(
      'an order among as many tools as are told apart',
      shows(0, many(600, 6_600)),
      shows(1, [evil, ...many(600, 6_600)]),
    ),
  ),
  graded('low', example('an order among more', shows(0, many(601, 6_611)), shows(1, [evil, ...many(601, 6_611)]))),
  graded('info', example('one of more goes', shows(0, [read, ...many(601, 6_611)]), shows(1, many(601, 6_611)))),
]
export const IDENTIFIED: readonly Example[] = [
  graded('medium', example('a capability appears', identity(0, {}), identity(1, sampling))),
  graded('medium', example('an extension appears', identity(0, {}), identity(1, { extensions: ['tasks'] }))),
  graded(
    'medium',
    example('with a build that nobody deployed', identity(0, {}), identity(1, { ...sampling, ...b2 }), beats(40)),
  ),
  graded('medium', example('six changes in an hour', ...changed(0, 12, 24, 36, 48, 59.99))),
  example('six changes in one session', ...[0, 1, 2, 3, 4, 5].map((at) => told(at, { session: 's1' }))),
  example('a second apart', ...changed(0, 1, 2, 3, 4, 4 + SECOND)),
  exampleWith({ changes: 4 }, 'fewer changes are normal here', ...changed(0, 1, 2, 3, 4)),
]
export const USUAL: readonly Example[] = [
  example('the same tools in another order', shows(0, [read, list]), shows(1, [list, read])),
  example('the first list', shows(0, [read, exec, evil])),
  example(
    'extra tools for the scopes of an administrator',
    shows(0, [read]),
    shows(1, [read, exec], admin),
    shows(2, [read]),
  ),
  example(
    'what the server itself lists without an identity',
    shows(0, [read]),
    shows(1, [], { registrySource: 'startup' }),
  ),
  example('another era offers less', shows(0, [read, exec]), shows(1, [read], { era: 'legacy' })),
  example('deployed before', deploys(0, 'b2'), shows(1, [read]), shows(30, [read, exec], b2), beats(90)),
  example('deployed after', shows(0, [read]), shows(2, [read, exec], b2), deploys(32, 'b2'), beats(90)),
  example('deployed under the same name of a build', deploys(0, 'b1'), shows(1, [read]), shows(2, [read, exec])),
  example('deployed without the name of a build', deploys(0, ''), shows(1, [read]), shows(2, [read, exec])),
  example(
    'deployed, and no build is known any more',
    deploys(0, 'b2'),
    shows(1, [read]),
    shows(2, [read, exec], unknown),
  ),
  example(
    'two changes, and the build of the first was deployed',
    shows(0, [read]),
    shows(1, [read, exec], b2),
    shows(2, [exec], { build: 'b3' }),
    deploys(20, 'b2'),
    beats(90),
  ),
  example('a list that was cut', shows(0, [read, exec]), shows(1, [read], cut)),
  example(
    'others are told of a deployment later',
    shows(0, [read]),
    shows(0, [read], admin),
    deploys(1, 'b2'),
    shows(2, [read, exec], b2),
    shows(40, [read, exec], { ...admin, ...b2 }),
    beats(90),
  ),
  example('the same many tools again', shows(0, many(300, 3_300)), shows(1, many(300, 3_300))),
  example('the same very many tools again', shows(0, many(601, 6_611)), shows(1, many(601, 6_611))),
  example('the same again', identity(0, {}), identity(1, {})),
  example(
    'a capability of a deployment stays',
    deploys(0, 'b2'),
    identity(1, {}),
    identity(2, { ...sampling, ...b2 }),
    identity(60, { ...sampling, ...b2 }),
    beats(120),
  ),
  example(
    'each era has capabilities of its own',
    identity(0, {}),
    identity(1, { era: 'legacy', ...b2, capabilities: [] }),
    identity(2, {}),
  ),
  example('six other notifications', ...others(0, 1, 2, 3, 4, 5)),
  example('six processes tell of their list', ...[0, 1, 2, 3, 4, 5].map((at) => told(at, { producer: `a${at}` }))),
  example('so do six sessions', ...[0, 1, 2, 3, 4, 5].map((at) => told(at, { session: `a${at}` }))),
  example('five changes', ...changed(0, 1, 2, 3, 4)),
  example('six changes in more than an hour', ...changed(0, 12, 24, 36, 48, 60)),
  example('two that are told within a second are one', ...changed(0, 1, 2, 3, 4, 4 + 0.999 * SECOND)),
  exampleWith({ changes: 9 }, 'more changes are normal here', ...changed(0, 1, 2, 3, 4, 5)),
  exampleWith({ changesMs: minutes(5) }, 'a shorter time counts here', ...changed(0, 1, 2, 3, 4, 5)),
  exampleWith(
    { joinMs: minutes(60) },
    'deployments take longer here',
    deploys(0, 'b2'),
    shows(1, [read]),
    shows(60, [read, exec], b2),
    beats(130),
  ),
]
