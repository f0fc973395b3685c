/** JSON on one line for programs, in which no character acts on who looks at it: what is not shown is escaped, the value stays the same. */

/** As in escape.ts, without the ASCII controls: JSON.stringify has escaped those inside texts, and there are none outside. */
const UNSEEN = /[\u007f-\u009f\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

export const jsonLine = (value: unknown): string => JSON.stringify(value).replace(UNSEEN, escaped)

const escaped = (point: string): string =>
  Array.from({ length: point.length }, (_, at) => `\\u${point.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
