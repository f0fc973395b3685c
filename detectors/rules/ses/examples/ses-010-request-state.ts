/** Request states that come back: examples. */
import { days, hours, minutes } from '../../../rule.ts'
import { counted, example, exampleWith, graded, sample } from '../../../sample.ts'

const LATER = hours(1)
type Retry = NonNullable<Parameters<typeof sample<'mrtr.retry'>>[1]>
const retry = (more: Retry = {}) =>
  sample('mrtr.retry', {
    stateFp: 'a1',
    principal: 'alice',
    producer: 'p1',
    integrity: 'sealed',
    outcome: 'ok',
    ...more,
  })
type Asked = NonNullable<Parameters<typeof sample<'mrtr.input_required'>>[1]>
const asked = (more: Asked = {}) =>
  sample('mrtr.input_required', { stateFp: 'a1', producer: 'p1', integrity: 'sealed', ...more })
type Started = NonNullable<Parameters<typeof sample<'server.started'>>[1]>
const started = (ts: number, more: Started = {}) => sample('server.started', { ts, producer: 'p1', ...more })
const up = [started(0), ...['p2', 'p3'].map((producer) => sample('server.heartbeat', { ts: 1, producer }))]
const broken = (i: number, more: Retry = {}) =>
  retry({ integrity: 'failed', outcome: 'protocol_error', stateFp: `b${i}`, ts: LATER + i * 1_000, ...more })
const three = (more: Retry = {}) => [0, 1, 2].map((i) => broken(i, more))
const daily = [0, days(1) - 1, days(1)].map((ts) => asked({ ts: 5_000 + ts }))
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'tools', tags: [`pay=${tag}`] })
const twice = (more: Retry = {}) => [retry(more), retry(more)]
const refused = { outcome: 'protocol_error' } as const
const unsealed = { requestStateProtected: false } as const

export const match = [
  example('three broken seals', ...up, ...three()),
  example('the third just in time', ...up, broken(0), broken(1), broken(600 - 0.001)),
  example('a quarter of an hour after a start', started(LATER - minutes(15)), ...three()),
  example('a process that is known', asked({ producer: 'p4' }), ...three({ producer: 'p4' })),
  graded('high', example('a broken seal is accepted', retry({ integrity: 'failed' }))),
  example('of another principal, accepted', retry({ principalMatch: false })),
  graded('medium', example('of another principal, refused', retry({ principalMatch: false, ...refused }))),
  example('for another request', retry({ digestMatch: false })),
  graded('medium', example('for another request, refused', retry({ digestMatch: false, decision: 'deny' }))),
  example('a payment made twice', tagged('one-time'), ...twice({ tool: 'pay' })),
  example('by the count of the server', tagged('one-time'), retry({ tool: 'pay', uses: 2 })),
  example('four times', ...twice(), ...twice()),
  example('too old, as the server says', retry({ ageMs: days(1) + 1 })),
  example('too old by its events', asked({ ts: 1_000 }), retry({ ts: days(1) + 1_001 })),
  counted(
    2,
    graded('medium', example('an unsealed one goes out', started(0, { ...unsealed, authRequired: true }), ...daily)),
  ),
  graded('low', example('a plain one', asked({ integrity: 'plain' }))),
]

export const noMatch = [
  example('one retry after a lost answer', asked(), ...twice({ principalMatch: true, digestMatch: true })),
  example('three times', ...twice(), retry()),
  example('two broken seals', ...up, broken(0), broken(1), broken(2, { principal: 'bob' })),
  example('the third too late', ...up, broken(0), broken(1), broken(600)),
  example('just after a start', started(LATER - minutes(15) + 2_001), ...three()),
  example('another process has just started', ...up, started(LATER - 1, { producer: 'p9' }), ...three()),
  example('a process not heard of', ...three({ producer: 'p7' })),
  example('refused for other reasons', ...up, ...three({ integrity: 'sealed' })),
  example('a day old', asked({ ts: 1_000 }), retry({ ts: days(1) + 1_000, ageMs: days(1) })),
  example('too old, and refused', retry({ ageMs: days(2), ...refused }), ...twice({ ...refused, uses: 9 })),
  example('a tool with another tag', tagged('slow'), ...twice({ tool: 'pay' })),
  example('sealed', started(0, { requestStateProtected: true }), asked()),
  example('nothing is said of seals', started(9), asked({ stateFp: 'a2' })),
  exampleWith({ failures: 4 }, 'as configured', ...up, ...three()),
  example('a payment made once', tagged('one-time'), retry({ tool: 'pay' })),
]
