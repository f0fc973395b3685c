/** What people say of servers, tools, clients, destinations and principals: tags and approval, fed in as events, so a replay knows it too. */
import type { AuditEvent } from '../../schemas/event.ts'

export const INVENTORY_KINDS = ['servers', 'clients', 'destinations', 'tools', 'principals'] as const
export type InventoryKind = (typeof INVENTORY_KINDS)[number]
/** '': nothing complete is known of this kind; unlisted: a complete list does not hold it. */
export type Listing = 'approved' | 'unlisted' | ''

/** Names kept of one list; more are not taken, and the list then counts as incomplete. */
const MAX_NAMES = 20_000
/** Lists of one tenant: five kinds for each server. */
const MAX_LISTS = 2_000
const EVERY = '*'
const NONE: readonly string[] = Object.freeze([])

interface List {
  readonly approved: Set<string>
  readonly tags: Map<string, string[]>
  complete: boolean
}
interface Pending {
  readonly list: List
  next: number
}
type SavedList = readonly [
  key: string,
  approved: readonly string[],
  tags: readonly (readonly [string, readonly string[]])[],
  complete: boolean,
]
type SavedTenant = readonly [
  tenant: string,
  lists: readonly SavedList[],
  pending: readonly (readonly [SavedList, next: number])[],
]
export type SavedInventories = readonly SavedTenant[]

const newList = (): List => ({ approved: new Set(), tags: new Map(), complete: false })
const keyOf = (kind: string, server: string): string => `${kind} ${server}`
const saved = (key: string, { approved, tags, complete }: List): SavedList => [key, [...approved], [...tags], complete]
const loaded = ([, approved, tags, complete]: SavedList): List => ({
  approved: new Set(approved),
  tags: new Map(tags.map(([name, all]) => [name, [...all]])),
  complete,
})

/** Of one tenant. A list is that of one server, or of all (`*`); both count. */
export class Inventory {
  readonly lists = new Map<string, List>()
  readonly pending = new Map<string, Pending>()

  tagsOf(kind: InventoryKind, server: string, name: string): readonly string[] {
    if (this.lists.size === 0 || name === '') return NONE
    const own = this.lists.get(keyOf(kind, server))?.tags.get(name)
    const everywhere = this.lists.get(keyOf(kind, EVERY))?.tags
    const general = everywhere?.get(name) ?? everywhere?.get(`${server}/${name}`)
    return own === undefined ? (general ?? NONE) : general === undefined ? own : [...own, ...general]
  }

  listingOf(kind: InventoryKind, server: string, name: string): Listing {
    if (this.lists.size === 0) return ''
    let complete = false
    for (const list of [this.lists.get(keyOf(kind, server)), this.lists.get(keyOf(kind, EVERY))]) {
      if (list === undefined) continue
      if (list.approved.has(name) || list.approved.has(`${server}/${name}`)) return 'approved'
      complete ||= list.complete
    }
    return complete ? 'unlisted' : ''
  }

  note(event: Extract<AuditEvent, { eventType: 'inventory.snapshot' }>): void {
    const { inventoryKind, part = 0, snapshotParts = 0 } = event
    if (inventoryKind === undefined || inventoryKind === ('' as string)) return
    const key = keyOf(inventoryKind, event.serverId)
    const isWhole = snapshotParts <= 1
    const waiting = this.pending.get(key)
    // A part out of turn makes the whole useless: the list of before stays.
    if (!isWhole && part !== 1 && waiting?.next !== part) {
      this.pending.delete(key)
      return
    }
    if (!this.lists.has(key) && this.lists.size >= MAX_LISTS) return
    const list = isWhole || part === 1 ? newList() : waiting!.list
    const fits = add(list, event.approved ?? NONE, event.tags ?? NONE)
    if (isWhole || part === snapshotParts) {
      list.complete = event.complete === true && fits
      this.lists.set(key, list)
      this.pending.delete(key)
    } else this.pending.set(key, { list, next: part + 1 })
  }
}
export const NO_INVENTORY = new Inventory()

/** Tags come as `name=tag`; the last `=` divides, because a name may hold one. Answers whether all of it was kept. */
function add(list: List, approved: readonly string[], tags: readonly string[]): boolean {
  for (const name of approved) if (list.approved.size < MAX_NAMES) list.approved.add(name)
  for (const entry of tags) {
    const at = entry.lastIndexOf('=')
    if (at <= 0 || list.tags.size >= MAX_NAMES) continue
    const name = entry.slice(0, at)
    const all = list.tags.get(name) ?? []
    const tag = entry.slice(at + 1)
    if (!all.includes(tag) && all.length < 64) all.push(tag)
    list.tags.set(name, all)
  }
  return list.approved.size < MAX_NAMES && list.tags.size < MAX_NAMES
}

export class Inventories {
  private readonly tenants = new Map<string, Inventory>()

  of(tenant: string): Inventory {
    return this.tenants.get(tenant) ?? NO_INVENTORY
  }

  note(event: AuditEvent): void {
    if (event.eventType !== 'inventory.snapshot') return
    const tenant = event.tenant ?? ''
    const inventory = this.tenants.get(tenant) ?? new Inventory()
    this.tenants.set(tenant, inventory)
    inventory.note(event)
  }

  snapshot(): SavedInventories | undefined {
    if (this.tenants.size === 0) return undefined
    return [...this.tenants].map(([tenant, { lists, pending }]) => [
      tenant,
      [...lists].map(([key, list]) => saved(key, list)),
      [...pending].map(([key, { list, next }]) => [saved(key, list), next] as const),
    ])
  }

  restore(all: SavedInventories | undefined): void {
    for (const [tenant, lists, pending] of all ?? []) {
      const inventory = new Inventory()
      for (const each of lists) inventory.lists.set(each[0], loaded(each))
      for (const [each, next] of pending) inventory.pending.set(each[0], { list: loaded(each), next })
      this.tenants.set(tenant, inventory)
    }
  }
}
