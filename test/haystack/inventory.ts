/**
 * What an operator of such a fleet plausibly has fed in, once: the servers with their kind of data, the clients the company knows (not a
 * complete list), the hosts inside that servers ask. Nothing about tools, nothing about people; nothing at all in the second tenant.
 */
import { type Event, uuidOf } from './copy.ts'
import { type Fleet, START_MS, TENANTS } from './fleet.ts'
import { Random } from './random.ts'

export function inventoryEvents(fleet: Fleet, tenant: string): Event[] {
  if (tenant !== TENANTS[0]) return []
  const random = new Random(7)
  const servers = fleet.servers.filter((server) => server.tenant === tenant)
  const snapshot = (inventoryKind: string, fields: object): Event => ({
    ms: START_MS,
    fields: {
      eventType: 'inventory.snapshot',
      eventId: uuidOf(random.hex()),
      serverId: '*',
      tenant,
      vantage: 'server',
      source: 'ingest',
      inventoryKind,
      part: 1,
      snapshotParts: 1,
      complete: false,
      ...fields,
    },
  })
  return [
    snapshot('servers', { approved: servers.map(({ id }) => id), tags: servers.map(({ id }) => `${id}=production`) }),
    snapshot('clients', { approved: ['desk', 'editor', 'agent-runner', 'demo-desk'], tags: [] }),
    snapshot('destinations', { approved: ['127.0.0.1', 'warehouse.corp.example'], tags: [] }),
  ]
}
