/** Whether a server that asks for no authorization can be reached from elsewhere. */
import type { Match } from '../rule.ts'
import { hostOf, isEveryAddress } from './addresses.ts'

/** Tags of a server in the inventory: its network keeps strangers out, or strangers are welcome. */
const EXPECTED = new Set(['pod_network', 'container_private', 'public'])

/** What a server says at its start. `isOpen`: it asks for no authorization; `isContainer`: it runs from an image. */
export type Listener = { isOpen: boolean; isContainer: boolean }
export const unknownListener = (): Listener => ({ isOpen: false, isContainer: false })

interface Tagged {
  readonly server: string
  readonly bindAddress: string
  tagsOf(kind: 'servers', name: string): readonly string[]
}
interface Started extends Tagged {
  readonly authRequired: boolean
  readonly imageDigest: string
  says(name: 'authRequired'): boolean
}
export function judgeStart(e: Started, listener: Listener): Match | undefined {
  listener.isOpen = e.says('authRequired') && !e.authRequired
  listener.isContainer = e.imageDigest !== ''
  return judgeBind(e, listener)
}

/** In a container every address is that of the pod: then only who really comes from outside tells. */
function judgeBind(e: Tagged, { isOpen, isContainer }: Listener): Match | undefined {
  if (!isOpen || !isEveryAddress(hostOf(e.bindAddress)) || isExpected(e)) return undefined
  return {
    severity: isContainer ? 'low' : 'high',
    saw: `no authorization, on ${e.bindAddress}`,
    expected: '127.0.0.1, or authorization',
  }
}
const isExpected = (e: Tagged): boolean => e.tagsOf('servers', e.server).some((tag) => EXPECTED.has(tag))

interface Request extends Tagged {
  readonly addressClass: string
  readonly credentialLocation: string
  readonly processed: boolean
}
export function judgeVisit(e: Request, listener: Listener): Match | undefined {
  const isStranger = e.addressClass === 'public' && e.credentialLocation === 'none' && e.processed
  if (!listener.isOpen || !isStranger || isExpected(e)) return judgeBind(e, listener)
  return {
    severity: 'high',
    saw: 'a stranger from the internet was served',
    expected: 'authorization, or a tag public',
  }
}
