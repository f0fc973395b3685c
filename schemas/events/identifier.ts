/** What can be said of an identifier that a server hands out without saying it: fields of session.created and task.created. */
import { count, flag, integer, measure, name } from '../field.ts'

export const identifier = {
  idLength: count('server', 'characters', 'Length of the id.'),
  idAlphabet: name('server', 'Alphabet class of the id: hex, base64url, uuid, decimal, other.'),
  idBits: measure('server', 'bits', 'Estimated entropy of the id.'),
  idMonotonic: flag('server', 'Ids of this server rise monotonically.'),
  idUuidVersion: integer('server', 'version', 'UUID version, 0 when none.'),
  idDuplicate: flag('server', 'This instance handed the same id out before.'),
  idVisible: flag('server', 'Every character of the id is visible ASCII, 0x21 to 0x7E.'),
} as const
