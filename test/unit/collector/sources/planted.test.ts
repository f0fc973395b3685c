/** Secrets in records of other products, through the real receiver: each way in leaves events, and none of them holds one. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { plantedBodies } from '../../../e2e/planted-records.ts'
import { CanarySearch, plant } from '../../../fakes/canaries.ts'
import { closeAll, forget, seen, send, start } from '../otlp/receiver-bed.ts'

let port = 0
beforeAll(async () => {
  port = await start()
})
afterAll(closeAll)

it('no secret in a record of another product reaches the bus, a letter, a log or an answer', async () => {
  const canaries = plant()
  const search = new CanarySearch(canaries)
  let total = 0
  const ways = new Map<string, number>()
  for (const { path, body } of plantedBodies(canaries)) {
    forget()
    const answer = await send(port, body, { 'content-type': 'text/plain' }, path)
    expect(answer.status, path).toBe(200)
    search.look(`the answer of ${path}`, answer.body)
    search.look(`events of ${path}`, JSON.stringify(seen.events))
    search.look(`letters of ${path}`, JSON.stringify(seen.letters))
    search.look(`logs of ${path}`, JSON.stringify([seen.logs, seen.counts]))
    const way = path.replace(/\?.*/, '')
    ways.set(way, (ways.get(way) ?? 0) + seen.events.length + seen.letters.length)
    total += seen.events.length
  }
  for (const [way, read] of ways) expect(read, way).toBeGreaterThan(0)
  expect(total).toBeGreaterThan(40)
  expect([...new Set(search.found)]).toEqual([])
})
