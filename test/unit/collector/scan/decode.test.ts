// Readings of a text: what escapes, base64 and hex inside it spell, and where in the text as it came that was.
import { describe, expect, it } from 'vitest'
import { asItCame, decodedReadings } from '../../../../collector/scan/decode.ts'
import { encodedPieces, textOfBlob } from '../../../../collector/scan/encoded-text.ts'

const readings = (text: string) => decodedReadings(asItCame(text))
const base64 = (text: string, encoding: 'base64' | 'base64url' = 'base64') => Buffer.from(text).toString(encoding)
const SECRET = '../../etc/passwd'

describe('readings', () => {
  it.each([
    ['percent', '%2e%2e/%2E%2e/etc%2fpasswd', ['percent']],
    ['IIS wide percent', '..%u002f..%u002fetc/passwd', ['percent']],
    ['overlong UTF-8', '%c0%ae%c0%ae%c0%af..%e0%80%afetc/passwd', ['overlong']],
    ['percent twice', '%252e%252e%252f..%252fetc%252fpasswd', ['percent', 'percent']],
    ['nested percent', '%%32%65./../etc/passwd', ['percent', 'percent']],
    ['HTML entities', '&#46;&#x2e;&sol;..&#47etc&sol;passwd', ['html']],
    ['backslash escapes', '\\u002e\\x2e\\u{2f}..\\057etc/passwd', ['unicode_escape']],
    ['0x runs', '0x2e0x2e0x2f0x2e0x2e0x2fetc/passwd', ['hex']],
    ['base64', base64(SECRET), ['base64']],
    ['base64url', base64(SECRET, 'base64url'), ['base64']],
    ['hex', Buffer.from(SECRET).toString('hex'), ['hex']],
    ['UTF-16 in base64', Buffer.from(SECRET, 'utf16le').toString('base64'), ['base64']],
    ['base64 of percent', base64('%2e%2e/..%2fetc/passwd'), ['base64', 'percent']],
    ['percent of base64', encodeURIComponent(base64(`${SECRET}!`)), ['base64']],
    ['base64 of hex', base64(Buffer.from(SECRET).toString('hex')), ['base64', 'hex']],
  ])('%s gives the text and the way to it', (_name, text, decodings) => {
    const found = readings(text).find((reading) => reading.text.startsWith(SECRET))
    expect(found?.decodings).toEqual(decodings)
  })

  it.each([
    'plain words, nothing else',
    '',
    '100% sure & done; a\\b',
    'internationalization',
    '-'.repeat(64),
    '50 % of 20 & 30',
  ])('%j has none', (text) => {
    expect(readings(text)).toEqual([])
  })

  it('four rounds are one too many', () => {
    const thrice = base64(base64(base64(SECRET)))
    expect(readings(thrice).some(({ text }) => text === SECRET)).toBe(true)
    expect(readings(base64(thrice)).some(({ text }) => text === SECRET)).toBe(false)
  })

  it('a span leads back to what was decoded, as it came', () => {
    const text = 'see %2Fetc%2fpasswd now'
    const [reading] = readings(text)
    const at = reading!.text.indexOf('etc')
    const [start, end] = reading!.toSource(at, at + '/etc/passwd'.length - 1)
    expect(text.slice(start, end)).toBe('etc%2fpasswd')
  })

  it('a span inside base64 leads back to the whole piece with its padding', () => {
    const text = `run /files/${base64(`${SECRET}..`)} now`
    const reading = readings(text).find(({ decodings }) => decodings[0] === 'base64')!
    const [start, end] = reading.toSource(0, 3)
    expect(text.slice(start, end)).toBe(base64(`${SECRET}..`))
  })

  it('a span found after two rounds leads back through both', () => {
    const text = `x ${encodeURIComponent(encodeURIComponent('a/b'))} y`
    const reading = readings(text).at(-1)!
    const [start, end] = reading.toSource(reading.text.indexOf('a'), reading.text.indexOf('b') + 1)
    expect(text.slice(start, end)).toBe('a%252Fb')
  })

  it('JSON in a text has its line ends and quotes undone, other text keeps its backslashes', () => {
    expect(readings('{"a":"x\\nSYSTEM: \\"y\\""}')[0]!.text).toContain('x\nSYSTEM: "y"')
    expect(readings('C:\\new\\table')).toEqual([])
  })

  it('of a long text only the surroundings of its escapes are read again', () => {
    const text = `${'word '.repeat(2_000)}%2e%2e%2f${'word '.repeat(2_000)}`
    const [reading] = readings(text)
    expect(reading!.text.length).toBeLessThan(1_200)
    const at = reading!.text.indexOf('../')
    const [start, end] = reading!.toSource(at, at + 3)
    expect(text.slice(start, end)).toBe('%2e%2e%2f')
  })

  it('decoded readings together stay within a few times the text', () => {
    const text = base64(base64(base64('word '.repeat(4_000))))
    const total = readings(`${text} ${'%25'.repeat(2_000)}`).reduce((sum, reading) => sum + reading.text.length, 0)
    expect(total).toBeLessThan((text.length + 6_000) * 4)
  })
})

describe('encoded pieces', () => {
  it('random bytes are no text', () => {
    const noise = Array.from({ length: 64 }, (_, i) =>
      Buffer.from([i * 37, 200 + (i % 50), i, 255 - i, i * 91, 3, 250, i * 7, i, 9, 128, 1]),
    )
    expect(
      encodedPieces(noise.map((bytes) => `${bytes.toString('base64')} ${bytes.toString('hex')}`).join(' ')),
    ).toEqual([])
  })

  it('every piece that begins within sixteen characters of the one before is found', () => {
    for (let gap = 1; gap < 20; gap++) {
      const text = `${base64('hello there you')}${' '.repeat(gap)}${base64('hello again you')}`
      expect(encodedPieces(text).map((piece) => piece.text)).toEqual(['hello there you', 'hello again you'])
    }
  })

  it('a blob that spells text is text, an image is none', () => {
    expect(textOfBlob(base64('name,value\n1,2\n'), 1_000)).toBe('name,value\n1,2\n')
    expect(textOfBlob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 1_000)).toBeUndefined()
  })
})
