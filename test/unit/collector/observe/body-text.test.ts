/** A body is read as the server behind reads it, whatever its client calls it. */
import { describe, expect, it } from 'vitest'
import { beginsLikeJson, bodyText } from '../../../../collector/observe/body-text.ts'

const TEXT = '{"name":"Zürich"}'
const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

describe('the text of a body', () => {
  it.each([
    ['no charset', undefined, Buffer.from(TEXT)],
    ['UTF-8', 'application/json; charset=UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a byte order mark', 'application/json', Buffer.from(`\ufeff${TEXT}`)],
    ['a quoted label', 'application/json;charset="utf-8"', Buffer.from(TEXT)],
    ['UTF-16, little-endian', 'application/json; charset=utf-16le', Buffer.from(TEXT, 'utf16le')],
    ['UTF-16, big-endian', 'application/json; charset=utf-16be', big(TEXT)],
    ['UTF-16 by its mark, little-endian', 'application/json; charset=utf-16', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['UTF-16 by its mark, big-endian', 'application/json; charset=utf-16', big(`\ufeff${TEXT}`)],
    ['Latin-1', 'application/json; charset=iso-8859-1', Buffer.from(TEXT, 'latin1')],
  ])('is read in %s', (_, contentType, body) => expect(bodyText(body, contentType)).toBe(TEXT))

  it.each(['utf-7', 'utf-32', 'cp037', 'no-such-charset'])('is not guessed in %s', (charset) =>
    expect(bodyText(Buffer.from(TEXT), `application/json; charset=${charset}`)).toBeUndefined(),
  )
})

describe('the beginning of a body', () => {
  it.each(['{"a":1}', ' \r\n\t[1]', '\ufeff{}', '', '   '])('may be JSON: %j', (text) =>
    expect(beginsLikeJson(Buffer.from(text))).toBe(true),
  )
  it('may be JSON in UTF-16', () => {
    expect(beginsLikeJson(big('\ufeff {}'))).toBe(true)
    expect(beginsLikeJson(Buffer.from(' {}', 'utf16le'))).toBe(true)
  })
  it.each(['grant_type=x', '--boundary', '%PDF-1.7', '"text"', '   x'])('is something else: %j', (text) =>
    expect(beginsLikeJson(Buffer.from(text))).toBe(false),
  )
})
