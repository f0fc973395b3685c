/** Ids that are tried out: examples. */
import { minutes } from '../../../rule.ts'
import { counted, example, exampleWith, graded, sample } from '../../../sample.ts'

const LATER = minutes(30)
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const lost = { refusal: 'session', processed: false, producer: 'p1', sourceAddress: 'e11' } as const
const miss = (i: number, more: Request = {}) =>
  sample('http.request', { ...lost, ts: LATER + i * 1_000, session: `5e55${i}`, ...more })
const misses = (n: number, more: Request | ((i: number) => Request) = {}, from = 0) =>
  Array.from({ length: n }, (_, i) => miss(from + i, typeof more === 'function' ? more(i) : more))
const eachElsewhere = (i: number) => ({ sourceAddress: `c${i}` })
const roams = (i: number) => ({ principal: 'mallory', sourceAddress: `b${i}` })
type Access = NonNullable<Parameters<typeof sample<'task.accessed'>>[1]>
const access = {
  principal: 'mallory',
  producer: 'p1',
  op: 'get',
  outcome: 'protocol_error',
  errorCode: '-32602',
} as const
const task = (i: number, more: Access) =>
  sample('task.accessed', { ...access, ts: LATER + i * 1_000, taskFp: `7a5${i}`, ...more })
const tasks = (n: number, more: Access = {}) => Array.from({ length: n }, (_, i) => task(i, more))
const state = (i: number) => sample('mrtr.retry', { ...access, ts: LATER + minutes(1) + i, stateFp: `57a7e${i}` })
const made = (taskFp: string) => sample('task.created', { ts: 3, taskFp })
const starts = (ts: number, producer = 'p1') => sample('server.started', { ts, producer })
const up = [starts(0), ...['p2', 'p4'].map((producer) => sample('server.heartbeat', { ts: 1, producer }))]
const created = (i: number, more: Parameters<typeof sample<'session.created'>>[1] = {}) =>
  sample('session.created', { ts: 2, producer: 'p1', session: `5e55${i}`, ...more })

export const match = [
  counted(3, graded('high', example('forty sessions from one address, and more', ...up, ...misses(56)))),
  graded('high', example('forty', ...up, ...misses(40))),
  counted(1, graded('medium', example('fifteen are enough, it is said once', ...up, ...misses(17)))),
  example('fifteen', ...up, ...misses(15)),
  example('fifteen tasks', ...up, ...tasks(15)),
  example('ten tasks, and five states', ...up, ...tasks(10), ...[0, 1, 2, 3, 4].map(state)),
  example('one principal from many addresses', ...up, ...misses(15, roams)),
  example('the last one in time', ...up, ...misses(14), miss(299)),
  counted(2, example('again, later', ...up, ...misses(16), ...misses(15, {}, 1_000))),
  example('a process that is known', ...up, ...misses(15, { producer: 'p2' })),
  example('since it opened a session', created(900, { producer: 'p3' }), ...misses(15, { producer: 'p3' })),
  example('15 minutes after a start', starts(LATER - minutes(15)), ...misses(15)),
]

export const noMatch = [
  example('fourteen', ...up, ...misses(14), miss(14, { session: '' }), ...tasks(14)),
  example('many clients after a deployment, each with one', ...up, ...misses(40, eachElsewhere)),
  example('the first is five minutes old', ...up, ...misses(14), miss(300)),
  example('one id again and again', ...up, ...misses(40, { session: '5e55' })),
  example('given out before', ...up, created(0), ...misses(15)),
  example('in use before', ...up, miss(0, { ts: 3, processed: true, refusal: '' }), ...misses(15)),
  example('a task that was made', ...up, made('7a50'), made('7a51'), ...tasks(15)),
  example('a start less than 15 minutes ago', ...up, starts(LATER + 1 - minutes(15), 'p9'), ...misses(15)),
  example('a process not heard of', starts(0), ...misses(40, { producer: 'p7' })),
  example('nor by tasks', starts(0), ...tasks(40, { producer: 'p8', principal: '', sourceAddress: 'e11' })),
  example('refused for other reasons', ...up, ...misses(40, { refusal: 'authorization' })),
  example('tasks that are there', ...up, ...tasks(40, { outcome: 'ok' })),
  example('tasks that fail otherwise', ...up, ...tasks(40, { errorCode: '-32603' })),
  exampleWith({ atLeast: 41, many: 41 }, 'as configured', ...up, ...misses(40)),
]
