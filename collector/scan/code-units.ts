/** The code units of a text as an array, shared by everything that reads the same text character by character. */

const FIRST_ROOM = 8_192
let units = new Uint16Array(FIRST_ROOM)
let bytes = Buffer.from(units.buffer)
let text = ''

/**
 * UTF-16 code units, and two zeros after the last: reading them costs a third of asking the string. The array is written anew for the
 * next text, so it is read at once and never kept; asking again for the same text costs nothing.
 */
export function codeUnitsOf(asked: string): Uint16Array {
  if (asked === text) return units
  if (asked.length + 2 > units.length) {
    units = new Uint16Array(asked.length * 2)
    bytes = Buffer.from(units.buffer)
  }
  bytes.write(asked, 0, 'utf16le')
  units[asked.length] = 0
  units[asked.length + 1] = 0
  text = asked
  return units
}
