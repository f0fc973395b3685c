/** What all servers of one id share about their tools, prompts and resources: what was told, what was seen, and listings under way. */
import type { Definitions, Listed } from './definitions.ts'

/** Entries kept of each kind; the oldest goes. */
export const KEPT = 64

/** How long and by whom a list may be kept, as it says itself. */
export interface Caching {
  readonly ttlMs?: number | undefined
  readonly cacheScope?: 'public' | 'private'
}
export interface Look {
  readonly definitions: Definitions
  readonly caching: Caching
  readonly untilMs: number
}

/** Shared by all servers of one id: what was told, and what was seen under which signature. */
export class RegistryLedger {
  readonly told = new Map<string, string>()
  readonly looks = new Map<string, Look>()
  /** Pages of a listing under way, by the cursor that continues it. */
  readonly pages = new Map<string, { readonly listed: readonly Listed[]; readonly count: number }>()
  /** Whole lists of a kind that is made of several, by method, era and scopes. */
  readonly parts = new Map<string, readonly Listed[]>()
}
