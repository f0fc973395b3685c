/** Names of any length in cells of bounded size: a long one stands as its hash, because cut ones would pass for others that begin alike. */
import { createHash } from 'node:crypto'
import { remembered } from './remembered.ts'

const MAX_NAME_CHARS = 48

export const shortName = (name: string): string => (name.length <= MAX_NAME_CHARS ? name : hashOf(name))
const hashOf = remembered((name) => `#${createHash('sha256').update(name).digest('base64url')}`)
