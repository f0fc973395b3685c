/** Tools under alert: who is asked for more, and for how long. */
import { expect, it } from 'vitest'
import { createEvidenceList } from '../../../cli/evidence.ts'
import type { Alert } from '../../../schemas/alert.ts'
import type { Caller } from '../../../schemas/ports.ts'

const alert = (fields: Partial<Alert>): Alert =>
  ({ tenant: 'acme', serverId: 'orders', toolName: 'search', severity: 'high', ...fields }) as Alert
const caller = (fields: Partial<Caller> = {}): Caller => ({ tenant: 'acme', producer: 'p', claimed: false, ...fields })
let nowMs = 1_000
const clock = { nowMs: () => nowMs }
const settings = { lastingMs: 60_000, minimumSeverity: 'high' } as const

it('the producer of the tool is asked, with what is left of the time', () => {
  const list = createEvidenceList(settings, clock)
  list.mark(alert({}))
  nowMs += 20_000
  expect(list.requestsFor(caller())).toEqual([{ serverId: 'orders', toolName: 'search', lastingMs: 40_000 }])
  nowMs += 41_000
  expect(list.requestsFor(caller())).toEqual([])
})
it('another tenant and another server are not', () => {
  const list = createEvidenceList(settings, clock)
  list.mark(alert({}))
  expect(list.requestsFor(caller({ tenant: 'other' }))).toEqual([])
  expect(list.requestsFor(caller({ servers: ['billing'] }))).toEqual([])
  expect(list.requestsFor(caller({ servers: ['billing', 'orders'] }))).toHaveLength(1)
})
it('milder alerts, alerts about no tool, and a service that is not set to ask, ask for nothing', () => {
  const list = createEvidenceList(settings, clock)
  list.mark(alert({ severity: 'medium' }))
  list.mark(alert({ toolName: '' }))
  expect(list.requestsFor(caller())).toEqual([])
  const off = createEvidenceList({ ...settings, lastingMs: 0 }, clock)
  off.mark(alert({}))
  expect(off.requestsFor(caller())).toEqual([])
})
it('no more tools are kept than it takes, and the latest are asked for', () => {
  const list = createEvidenceList(settings, clock)
  for (let i = 0; i < 2_000; i++) list.mark(alert({ toolName: `t${i}` }))
  const names = list.requestsFor(caller()).map(({ toolName }) => toolName)
  expect(names).toHaveLength(16)
  expect(names.at(-1)).toBe('t1999')
})
