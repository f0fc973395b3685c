/**
 * A text as ClickHouse reads it in a query, exactly: what nobody sees, or what would break the line or turn the direction of reading, is
 * written as its bytes, so that a query with the name of an attacker in it is shown as it is and still finds that name.
 */
export const sqlLiteral = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replace(UNSEEN, bytesOf)}'`

const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const bytesOf = (character: string): string =>
  Array.from(new TextEncoder().encode(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
