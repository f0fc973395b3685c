/** The ids of sessions or of tasks that this process handed out: how they are made, whether one comes twice, whether they rise. */
import { estimatedBits } from './handles.ts'
import { RecentSet } from './recent-set.ts'

const KEPT_IDS = 8_192
/** Ids in a row that rise until it is said: by chance eight do once in 40,320 times. */
const RISING = 8

/** Only keyed hashes are kept of old ones. */
export class HandedOutIds {
  private readonly known = new RecentSet(KEPT_IDS)
  private last = ''
  private rising = 1
  private fell = false

  /** What can be said of an id without saying it. `idMonotonic` is absent until there is something to compare. */
  seen(id: string, keyedHash: string) {
    return { ...factsOf(id), ...this.compared(id, keyedHash) }
  }

  private compared(id: string, keyedHash: string) {
    const isNew = this.known.add(keyedHash)
    if (isNew) {
      if (this.last !== '') {
        if (isAfter(this.last, id)) this.rising++
        else {
          this.fell = true
          this.rising = 1
        }
      }
      this.last = id
    }
    return { idDuplicate: !isNew, idMonotonic: this.rising >= RISING ? true : this.fell ? false : undefined }
  }
}

/** Numbers at the end are compared as numbers, everything else as text of one length. */
function isAfter(before: string, after: string): boolean {
  const [one, other] = [split(before), split(after)]
  if (one.number !== undefined && other.number !== undefined && one.rest === other.rest)
    return other.number > one.number
  return before.length === after.length && after > before
}
function split(id: string): { readonly rest: string; readonly number: bigint | undefined } {
  const digits = /\d{1,32}$/.exec(id)?.[0]
  return digits === undefined
    ? { rest: id, number: undefined }
    : { rest: id.slice(0, -digits.length), number: BigInt(digits) }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Random bits of a UUID by version; the others are guessable in part or whole. */
const UUID_BITS: Readonly<Record<string, number>> = { '4': 122, '7': 74 }

function factsOf(id: string) {
  const version = UUID.exec(id)?.[1]
  return {
    idLength: id.length,
    idAlphabet: alphabetOf(id),
    idBits: Math.round(version === undefined ? estimatedBits(id) : (UUID_BITS[version] ?? 0)),
    idUuidVersion: version === undefined ? 0 : Number.parseInt(version, 16),
    idVisible: /^[\x21-\x7e]*$/.test(id),
  }
}

function alphabetOf(id: string): string {
  if (UUID.test(id)) return 'uuid'
  if (/^\d+$/.test(id)) return 'decimal'
  if (/^[0-9a-f]+$/i.test(id)) return 'hex'
  return /^[\w-]+$/.test(id) ? 'base64url' : 'other'
}
