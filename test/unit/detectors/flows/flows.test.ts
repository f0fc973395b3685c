// Flows of data between tools: what leads where, what is usual, what a tool is known by.
import { describe, expect, it } from 'vitest'
import {
  flowOf,
  isWorse,
  judgeFlow,
  noFlow,
  noteDomain,
  noteOrder,
  notePrivate,
  noteTaint,
} from '../../../../detectors/flows/flow.ts'
import {
  classesOf,
  isApproved,
  isNewHost,
  newFlowTool,
  noteFlowApproval,
  sawAddresses,
  wentWay,
} from '../../../../detectors/flows/flow-tool.ts'
import { CLASS } from '../../../../detectors/flows/tool-class.ts'

const WINDOW_MS = 1_000
const HOUR_MS = 3_600_000
/** Event times are far from 0, which is never. */
const START_MS = 1_000 * 24 * HOUR_MS
const sink = (ts: number, more: object = {}) => ({
  tool: 'post',
  classes: CLASS.egress,
  ts: START_MS + ts,
  hasNewHost: false,
  ...more,
})
const at = (tool: string, ts: number) => ({ tool, ts: START_MS + ts, trace: 't1' })
const flowWith = (order = false) => {
  const flow = noFlow()
  if (order) noteOrder(flow, at('page', 100), WINDOW_MS)
  else noteTaint(flow, at('page', 100), WINDOW_MS)
  notePrivate(flow, at('mail', 200), WINDOW_MS)
  return flow
}
const grade = (flow: ReturnType<typeof noFlow>, ts: number, more: object = {}) =>
  judgeFlow(flow, sink(ts, more), WINDOW_MS)?.severity

describe('a flow', () => {
  it('leads from taint over private data to a sink', () => {
    expect(judgeFlow(flowWith(), sink(300), WINDOW_MS)).toEqual({
      severity: 'medium',
      way: 'page -> mail -> post',
      hasOrder: false,
    })
    expect(grade(noFlow(), 300)).toBeUndefined()
  })
  it('is graver with an order or a new host, and milder where nothing is carried out', () => {
    expect(grade(flowWith(true), 300)).toBe('high')
    expect(grade(flowWith(), 300, { hasNewHost: true })).toBe('high')
    expect(grade(flowWith(), 300, { classes: CLASS.destructive })).toBe('low')
    const wide = flowWith()
    noteDomain(wide, 'a.example')
    expect(grade(wide, 300, { classes: CLASS.destructive })).toBe('low')
    noteDomain(wide, 'b.example')
    expect(grade(wide, 300, { classes: CLASS.destructive })).toBe('medium')
  })
  it('needs private data, unless there was an order', () => {
    const tainted = noFlow()
    noteTaint(tainted, at('page', 100), WINDOW_MS)
    expect(grade(tainted, 300)).toBeUndefined()
    noteOrder(tainted, at('page', 120), WINDOW_MS)
    expect(grade(tainted, 300)).toBe('medium')
    expect(grade(tainted, 300, { tool: 'page' })).toBeUndefined()
  })
  it('ends with its window', () => {
    expect(grade(flowWith(), 1_199)).toBe('medium')
    expect(grade(flowWith(), 1_200)).toBeUndefined()
    const late = noFlow()
    noteTaint(late, at('page', 100), WINDOW_MS)
    notePrivate(late, at('mail', 1_100), WINDOW_MS)
    expect(grade(late, 1_101)).toBeUndefined()
  })
  it('begins anew when its taint is over', () => {
    const flow = flowWith(true)
    noteDomain(flow, 'a.example')
    isWorse(flow, 'high')
    noteTaint(flow, at('feed', 5_000), WINDOW_MS)
    expect(flow).toEqual({ ...noFlow(), taintMs: START_MS + 5_000, taintBy: 'feed', taintTrace: 't1' })
  })
  it('is none of one tool alone', () => {
    const box = noFlow()
    noteTaint(box, at('mail', 100), WINDOW_MS)
    notePrivate(box, at('mail', 200), WINDOW_MS)
    expect(grade(box, 300)).toBeUndefined()
    expect(grade(flowWith(), 300, { tool: 'mail' })).toBeUndefined()
    expect(grade(flowWith(), 300, { tool: 'page' })).toBeUndefined()
  })
  it('is told once, and again when it is worse', () => {
    const flow = flowWith()
    expect([isWorse(flow, 'low'), isWorse(flow, 'low'), isWorse(flow, 'medium'), isWorse(flow, 'low')]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })
  it('remembers hosts and names in bounds, each once', () => {
    const flow = noFlow()
    for (let n = 0; n < 100; n++) noteDomain(flow, `h${n % 20}`)
    noteDomain(flow, '')
    expect(flow.domains).toHaveLength(8)
    noteTaint(flow, at('x'.repeat(10_000), 1), WINDOW_MS)
    expect(flow.taintBy).toHaveLength(64)
  })
})

it('a flow belongs to whoever calls: a person, a session, a process on stdio, else a trace', () => {
  const flows = { trace: noFlow(), grant: noFlow(), session: noFlow(), instance: noFlow() }
  const of = (more: object) => {
    const found = flowOf({ trace: '', principal: '', session: '', transport: 'http', ...more }, flows)
    return Object.entries(flows).find(([, each]) => each === found)?.[0]
  }
  expect(of({})).toBe('trace')
  expect(of({ transport: 'stdio', trace: 't' })).toBe('instance')
  expect(of({ transport: 'stdio', session: 's' })).toBe('session')
  expect(of({ session: 's', principal: 'p', trace: 't' })).toBe('grant')
  expect(of({ trace: 't' })).toBe('trace')
})

describe('a way', () => {
  const go =
    (tool = newFlowTool(), way = 'a -> b') =>
    (hour: number) =>
      wentWay(tool, way, START_MS + hour * HOUR_MS, 2)
  it('is usual when it was gone in different hours before', () => {
    const went = go()
    expect([went(0), went(0.1), went(0.2), went(1), went(1.5)]).toEqual([false, false, false, false, true])
  })
  it('is unusual again after a month', () => {
    const went = go()
    went(0)
    went(1)
    expect(went(24 * 30)).toBe(true)
    expect(went(24 * 61)).toBe(false)
    expect(went(24 * 61 + 1)).toBe(false)
    expect(went(24 * 61 + 2)).toBe(true)
  })
  it('that is rare makes room for a new one', () => {
    const tool = newFlowTool()
    const usual = go(tool, 'usual')
    usual(0)
    usual(1)
    for (let n = 0; n < 50; n++) go(tool, `way ${n}`)(2)
    expect(tool.ways).toHaveLength(8)
    expect(usual(3)).toBe(true)
  })
})

describe('a tool', () => {
  it('of settled habits asks a new host', () => {
    const tool = newFlowTool()
    const asked = Array.from({ length: 10 }, () => isNewHost(tool, 'crm.example'))
    expect(asked.includes(true)).toBe(false)
    expect([isNewHost(tool, 'evil.example'), isNewHost(tool, 'evil.example')]).toEqual([true, false])
  })
  it('whose hosts always change has no habits', () => {
    const tool = newFlowTool()
    for (let n = 0; n < 16; n++) isNewHost(tool, `h${n}.example`)
    expect(isNewHost(tool, 'new.example')).toBe(false)
    expect(tool.hosts).toHaveLength(16)
  })
  it('is what tags say, else what its name, its definition and its effects say', () => {
    const tags: string[] = []
    const e = { tool: 'http_post', tagsOf: () => tags }
    const tool = newFlowTool()
    expect(classesOf(e, tool)).toBe(CLASS.egress)
    tool.seen |= CLASS.destructive
    expect(classesOf(e, tool)).toBe(CLASS.egress | CLASS.destructive)
    tags.push('private_data')
    expect(classesOf(e, tool)).toBe(CLASS.private_data)
  })
  it('whose results are full of addresses brings in what stands outside, if it asks outside', () => {
    const tool = newFlowTool()
    sawAddresses(tool)
    expect(tool.seen).toBe(0)
    isNewHost(tool, 'x.example')
    sawAddresses(tool)
    expect(tool.seen).toBe(CLASS.untrusted_source)
  })
  it('is approved for a call, for its arguments, until its end', () => {
    const call = (ts: number, more: object = {}) => ({ ts, request: 'r1', approvalRef: '', argsHmac: 'ab', ...more })
    const approval = { ts: 100, approvalResult: 'approved', argsHmac: '', expiresAt: 0 }
    const tool = newFlowTool()
    expect(isApproved(call(100), tool)).toBe(false)
    expect(isApproved(call(100, { approvalRef: 'T-1' }), tool)).toBe(true)
    expect(tool.approvedRequest).toBe('r1')
    noteFlowApproval(approval, tool, WINDOW_MS)
    expect([isApproved(call(1_099), tool), isApproved(call(1_100), tool)]).toEqual([true, false])
    noteFlowApproval({ ...approval, argsHmac: 'ab', expiresAt: 5 }, tool, WINDOW_MS)
    expect([isApproved(call(4_999), tool), isApproved(call(200, { argsHmac: 'cd' }), tool)]).toEqual([true, false])
    noteFlowApproval({ ...approval, approvalResult: 'rejected' }, tool, WINDOW_MS)
    expect(isApproved(call(101), tool)).toBe(false)
  })
})
