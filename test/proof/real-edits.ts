// The same kinds of edits through the engine itself: mutations, deletes and inserts on the tables of a real store, each taken back afterwards.
import type { ClickHouseClient } from '@clickhouse/client'
import { verifyProof } from '../../cli/proof/verification.ts'
import { embeddedConnect } from '../../connectors/clickhouse/client.ts'
import { ROW_COLUMNS } from '../../schemas/row.ts'
import { Random } from '../faults/random.ts'
import { type Expected, unnamed } from './edit.ts'
import type { EditRun } from './run-edits.ts'
import { openSmall, sourceOf } from './small-store.ts'

const TABLES = ['events', 'proof_manifests', 'proof_tombstones'] as const
const SYNC = 'SETTINGS mutations_sync = 1'
/** Of the sorting and partition key, of which the engine lets nobody change a value. */
const KEY_COLUMNS = new Set(['tenant', 'server_id', 'event_id', 'received_at'])
const COLUMNS = ROW_COLUMNS.map(([name]) => name).join(', ')

interface Place {
  readonly offset: string
  readonly index: number
  readonly segment: number
}
const at = ({ offset, index }: Place): string => `position_offset = ${offset} AND position_index = ${index}`
const positionOf = ({ offset, index }: Place): string => `${offset}/${index}`
const missing = (place: Place): Expected => ({
  kinds: ['row-missing'],
  segment: place.segment,
  position: positionOf(place),
})
const changed = (place: Place): Expected => ({ ...missing(place), kinds: ['row-changed'] })

/** The same value in another form of the column’s type. */
function otherSql(name: string, type: string): string {
  if (type.startsWith('Array')) return `arrayPushBack(${name}, 'x')`
  if (type === 'Bool') return `NOT ${name}`
  if (/^UInt/.test(type)) return `${name} + 1`
  if (type.startsWith('Float')) return `${name} + 1e-9`
  if (type.startsWith('DateTime64(9')) return `${name} + toIntervalNanosecond(1)`
  return `concat(${name}, ' ')`
}

class Engine {
  readonly client: ClickHouseClient
  private readonly random: Random
  constructor(client: ClickHouseClient, random: Random) {
    this.client = client
    this.random = random
  }
  async run(query: string): Promise<void> {
    await this.client.command({ query })
  }
  async rows(query: string): Promise<string[][]> {
    return (await this.client.query({ query, format: 'JSONCompactStringsEachRow' })).json<string[]>()
  }
  async place(): Promise<Place> {
    const [row] = await this.rows(
      `SELECT position_offset, position_index FROM events ORDER BY cityHash64(event_id, ${this.random.between(0, 1e9)}) LIMIT 1`,
    )
    const [offset, index] = row!
    const [manifest] = await this.rows(
      `SELECT number FROM proof_manifests WHERE first_offset <= ${offset} AND next_offset > ${offset} LIMIT 1`,
    )
    return { offset: offset!, index: Number(index), segment: Number(manifest![0]) }
  }
  async number(table: string): Promise<string> {
    const [row] = await this.rows(
      `SELECT number FROM ${table} ORDER BY cityHash64(number, ${this.random.between(0, 1e9)}) LIMIT 1`,
    )
    return row![0]!
  }
  pick<T>(list: readonly T[]): T {
    return this.random.pick(list)
  }
}

type RealEdit = (engine: Engine) => Promise<readonly [name: string, expected: readonly Expected[]]>
const EDITS: readonly RealEdit[] = [
  async (engine) => {
    const [name, type] = engine.pick(ROW_COLUMNS.filter(([column]) => !KEY_COLUMNS.has(column)))
    const place = await engine.place()
    await engine.run(`ALTER TABLE events UPDATE ${name} = ${otherSql(name, type)} WHERE ${at(place)} ${SYNC}`)
    return [`UPDATE ${name}`, [name.startsWith('position_') ? missing(place) : changed(place)]]
  },
  async (engine) => {
    const [name, type] = engine.pick(ROW_COLUMNS.filter(([column]) => KEY_COLUMNS.has(column)))
    const place = await engine.place()
    const other = type.startsWith('DateTime') ? `${name} + toIntervalDay(1)` : `concat(${name}, 'x')`
    await engine.run(
      `INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM (SELECT * REPLACE (${other} AS ${name}) FROM events WHERE ${at(place)})`,
    )
    await engine.run(
      `ALTER TABLE events DELETE WHERE ${at(place)} AND ${name} IN (SELECT ${name} FROM kept_events WHERE ${at(place)}) ${SYNC}`,
    )
    return [`DELETE and INSERT with another ${name}`, [changed(place)]]
  },
  async (engine) => {
    const place = await engine.place()
    await engine.run(
      engine.pick([`ALTER TABLE events DELETE WHERE ${at(place)} ${SYNC}`, `DELETE FROM events WHERE ${at(place)}`]),
    )
    return ['DELETE', [missing(place)]]
  },
  async (engine) => {
    const place = await engine.place()
    await engine.run(
      `INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM (SELECT * REPLACE (repeat('f', 32) AS event_id, 9999 AS position_index) FROM (SELECT * FROM events WHERE ${at(place)}))`,
    )
    return ['INSERT', [{ kinds: ['row-inserted'], position: `${place.offset}/9999` }]]
  },
  async (engine) => {
    // The forged row claims to be the same event, received earlier: at the next merge the engine itself drops the genuine one.
    const place = await engine.place()
    await engine.run(
      `INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM (SELECT * REPLACE (received_at - 1 AS received_at, 'deny' AS decision) FROM events WHERE ${at(place)})`,
    )
    await engine.run('OPTIMIZE TABLE events FINAL')
    return ['INSERT of an earlier twin, merged', [changed(place)]]
  },
  async (engine) => {
    const number = await engine.number('proof_manifests')
    const column = engine.pick([
      'content_hash',
      'previous_hash',
      'signature',
      'positions',
      'row_count',
      'next_offset',
      'received_from',
    ])
    const other = /count|offset/.test(column)
      ? `${column} + 1`
      : column === 'received_from'
        ? `${column} - 1`
        : `concat('A', substring(${column}, 2), ' ')`
    await engine.run(`ALTER TABLE proof_manifests UPDATE ${column} = ${other} WHERE number = ${number} ${SYNC}`)
    return [`UPDATE of manifest ${column}`, [{ kinds: ['manifest-changed'], segment: Number(number) }]]
  },
  async (engine) => {
    const number = await engine.number('proof_manifests')
    await engine.run(`ALTER TABLE proof_manifests DELETE WHERE number = ${number} ${SYNC}`)
    return ['DELETE of a manifest', [{ kinds: ['manifest-missing', 'chain-cut'], segment: Number(number) }]]
  },
  async (engine) => {
    const [row] = await engine.rows('SELECT id FROM proof_tombstones ORDER BY rand() LIMIT 1')
    const column = engine.pick(['reason', 'note', 'signed_for', 'positions', 'row_count', 'signature'])
    const other = column === 'row_count' ? 'row_count + 1' : `concat(${column}, 'A')`
    await engine.run(`ALTER TABLE proof_tombstones UPDATE ${column} = ${other} WHERE id = '${row![0]}' ${SYNC}`)
    return [`UPDATE of tombstone ${column}`, [{ kinds: ['tombstone-forged'], reason: row![0]! }]]
  },
  async (engine) => {
    const [row] = await engine.rows(
      "SELECT id, number FROM proof_tombstones WHERE reason != 'duplicate' ORDER BY rand() LIMIT 1",
    )
    await engine.run(`ALTER TABLE proof_tombstones DELETE WHERE id = '${row![0]}' ${SYNC}`)
    return ['DELETE of a tombstone', [{ kinds: ['row-missing'], segment: Number(row![1]) }]]
  },
  async (engine) => {
    const [last] = await engine.rows('SELECT max(number), max(first_offset) FROM proof_manifests')
    await engine.run(`ALTER TABLE proof_manifests DELETE WHERE number = ${last![0]} ${SYNC}`)
    await engine.run(`ALTER TABLE events DELETE WHERE position_offset >= ${last![1]} ${SYNC}`)
    return ['rows and their manifest cut off', [{ kinds: ['chain-cut'], segment: Number(last![0]) }]]
  },
]

/** Edits the store of the folder `count` times; each must be found and named, and taken back it must be green. */
export async function runRealEdits(dir: string, count: number, seed: number): Promise<EditRun> {
  const store = await openSmall(dir)
  const client = await (await embeddedConnect(`${dir}/store/chdb`))('mcp_auditd')
  const engine = new Engine(client, new Random(seed))
  const source = sourceOf(store, dir)
  const own = { log: (await source.heads())[0]!.log, keys: await source.keys() }
  const kinds = new Map<string, number>()
  const missed: string[] = []
  try {
    for (const table of TABLES) {
      await engine.run(`CREATE TABLE kept_${table} AS ${table}`)
      await engine.run(`INSERT INTO kept_${table} SELECT * FROM ${table}`)
    }
    for (let made = 0; made < count; made++) {
      const [name, expected] = await EDITS[(made + seed) % EDITS.length]!(engine)
      kinds.set(name, (kinds.get(name) ?? 0) + 1)
      const { faults } = await verifyProof(source, { own, mostFaults: 100_000 })
      const left = unnamed(expected, faults)
      if (left.length > 0)
        missed.push(`${name}: not named ${JSON.stringify(left)}; found ${JSON.stringify(faults.slice(0, 3))}`)
      for (const table of TABLES) {
        await engine.run(`TRUNCATE TABLE ${table}`)
        await engine.run(`INSERT INTO ${table} SELECT * FROM kept_${table} SETTINGS insert_deduplicate = 0`)
      }
      const again = await verifyProof(source, { own })
      if (!again.isWhole) missed.push(`${name}: taken back, and still ${JSON.stringify(again.faults.slice(0, 2))}`)
    }
    for (const table of TABLES) await engine.run(`DROP TABLE kept_${table}`)
  } finally {
    await client.close()
    await store.close()
  }
  return { made: count, found: count - missed.length, kinds, missed }
}
