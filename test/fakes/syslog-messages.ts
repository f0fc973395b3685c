/** A strict reader of RFC 5424 messages and of CEF lines: it takes what their documents allow and says why it refuses the rest. */
import type { Refusal } from './selftest.ts'

export interface SyslogMessage {
  readonly priority: number
  readonly timestamp: string
  readonly hostname: string
  readonly appName: string
  readonly processId: string
  readonly messageId: string
  readonly data: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly text: string
}
export const MOST_BYTES = 8_192
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const HEADER =
  /^<(0|[1-9]\d{0,2})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) /
const SD_NAME = /^[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}/

/** Throws an Error with the reason. */
export function parseSyslog(bytes: Buffer): SyslogMessage {
  if (bytes.length > MOST_BYTES) throw new Error(`${bytes.length} bytes`)
  const whole = bytes.toString('latin1')
  const header = HEADER.exec(whole)
  if (header === null) throw new Error('header')
  const [matched, priority, timestamp, hostname, appName, processId, messageId] = header
  if (Number(priority) > 191) throw new Error('priority')
  if (timestamp !== '-' && Number.isNaN(Date.parse(timestamp!))) throw new Error('timestamp')
  let at = matched.length
  const data = new Map<string, ReadonlyMap<string, string>>()
  if (whole[at] === '-') at++
  else {
    if (whole[at] !== '[') throw new Error('structured data')
    while (whole[at] === '[') {
      const element = sdElement(whole, at)
      if (data.has(element.id)) throw new Error('SD-ID twice')
      data.set(element.id, element.params)
      at = element.end
    }
  }
  if (at < whole.length && whole[at] !== ' ') throw new Error('no space before the text')
  const rest = bytes.subarray(at + 1)
  if (!rest.subarray(0, 3).equals(BOM)) throw new Error('no BOM')
  const text = new TextDecoder('utf-8', { fatal: true }).decode(rest.subarray(3))
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw new Error('control character')
  const names = { hostname: hostname!, appName: appName!, processId: processId!, messageId: messageId! }
  return { priority: Number(priority), timestamp: timestamp!, ...names, data, text }
}

function sdElement(whole: string, start: number): { id: string; params: ReadonlyMap<string, string>; end: number } {
  let at = start + 1
  const name = (): string => {
    const [found = ''] = SD_NAME.exec(whole.slice(at, at + 33)) ?? []
    if (found === '') throw new Error('name in structured data')
    at += found.length
    return found
  }
  const id = name()
  if (!/^[^@]+@\d+(\.\d+)*$/.test(id)) throw new Error('SD-ID without an enterprise number')
  const params = new Map<string, string>()
  while (whole[at] === ' ') {
    at++
    const key = name()
    if (whole.slice(at, at + 2) !== '="') throw new Error('value in structured data')
    at += 2
    let value = ''
    while (whole[at] !== '"') {
      if (at >= whole.length || whole[at] === ']') throw new Error('value is not ended')
      // A backslash before another character stands for itself; we refuse it, because we never write it.
      if (whole[at] === '\\' && !/["\\\]]/.test(whole[++at] ?? '')) throw new Error('escape in structured data')
      value += whole[at++]
    }
    at++
    params.set(key, new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1')))
  }
  if (whole[at] !== ']') throw new Error('structured data is not ended')
  return { id, params, end: at + 1 }
}

export interface CefEvent {
  readonly header: readonly string[]
  readonly extension: ReadonlyMap<string, string>
}
/** Keys of the dictionary that we may use, with their lengths in characters. */
const CEF_KEYS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['rt', 'start', 'end', 'cnt'].map((key) => [key, 20])),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].flatMap((n) => [
      [`cs${n}`, 4000],
      [`cs${n}Label`, 1023],
    ]),
  ),
  ...Object.fromEntries(
    [1, 2].flatMap((n) => [
      [`flexString${n}`, 1023],
      [`flexString${n}Label`, 128],
    ]),
  ),
  externalId: 40,
  cat: 1023,
  act: 63,
  reason: 1023,
  suid: 1023,
  suser: 1023,
  destinationServiceName: 1023,
  requestClientApplication: 1023,
  requestContext: 2048,
  msg: 1023,
}
const NUMBERS = new Set(['rt', 'start', 'end', 'cnt'])

export function parseCef(line: string): CefEvent {
  const header: string[] = []
  let at = 0
  for (let field = 0; field < 7; field++) {
    let value = ''
    while (line[at] !== '|') {
      if (at >= line.length) throw new Error('CEF header is not ended')
      if (line[at] === '\\' && !/[\\|]/.test(line[++at] ?? '')) throw new Error('escape in the CEF header')
      value += line[at++]
    }
    at++
    header.push(value)
  }
  if (header[0] !== 'CEF:0') throw new Error('CEF version')
  if (header.slice(1, 5).some((value) => value === '')) throw new Error('blank CEF header')
  if (header[5]!.length > 512 || header[4]!.length > 1023 || header[3]!.length > 31)
    throw new Error('CEF header length')
  if (!/^(\d|10)$/.test(header[6]!)) throw new Error('CEF severity')
  const extension = new Map<string, string>()
  const rest = line.slice(at)
  // A key stands at the beginning or after a space, and an equals sign that is none of a key is escaped.
  const keys = [...rest.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)].filter(({ index }) => rest[index - 1] !== '\\')
  if (rest !== '' && keys[0]?.index !== 0) throw new Error('CEF extension')
  for (const [n, match] of keys.entries()) {
    const key = match[1]!
    const raw = rest.slice(match.index + match[0].length, keys[n + 1]?.index ?? rest.length)
    if (/(^|[^\\])(\\\\)*=/.test(raw) || /(^|[^\\])(\\\\)*\\(?![\\=nr])/.test(raw)) throw new Error(`escape in ${key}`)
    const value = raw.replace(/\\(.)/g, '$1')
    const most = CEF_KEYS[key]
    if (most === undefined || value.length > most) throw new Error(`CEF key ${key} of ${value.length}`)
    if (extension.has(key)) throw new Error(`CEF key ${key} twice`)
    if (NUMBERS.has(key) && !/^\d+$/.test(value)) throw new Error(`CEF key ${key} is no number`)
    extension.set(key, value)
  }
  for (const key of extension.keys())
    if (/^(cs|flexString)\d$/.test(key) && !extension.has(`${key}Label`)) throw new Error(`${key} without a label`)
  return { header, extension }
}

const throwsFor = async (
  message: string | Buffer,
  parse: (message: Buffer) => unknown = parseSyslog,
): Promise<boolean> => {
  try {
    parse(Buffer.from(message))
    return false
  } catch {
    return true
  }
}
const HEAD = '<110>1 2026-10-01T10:06:00Z host app - id'
const MARK = '\ufeff'
const cefOf = (message: Buffer): CefEvent => parseCef(message.toString())
export const selftest: readonly Refusal[] = [
  { name: 'a message of 8,193 bytes', refuses: () => throwsFor(`${HEAD} - ${MARK}`.padEnd(MOST_BYTES + 1, 'x')) },
  { name: 'a priority above 191', refuses: () => throwsFor(`<192>1 - h a - i - ${MARK}x`) },
  {
    name: 'a time with seven digits',
    refuses: () => throwsFor(`<1>1 2026-10-01T10:06:00.1234567Z h a - i - ${MARK}x`),
  },
  {
    name: 'a name of a program with 49 characters',
    refuses: () => throwsFor(`<1>1 - h ${'a'.repeat(49)} - i - ${MARK}x`),
  },
  { name: 'a quotation mark in structured data', refuses: () => throwsFor(`${HEAD} [a@1 b="c"d"] ${MARK}x`) },
  { name: 'a bracket in structured data', refuses: () => throwsFor(`${HEAD} [a@1 b="c]"] ${MARK}x`) },
  {
    name: 'a text that is no UTF-8',
    refuses: () => throwsFor(Buffer.from(`${HEAD} - \u00ef\u00bb\u00bf\u00ff`, 'latin1')),
  },
  { name: 'a line end in the text', refuses: () => throwsFor(`${HEAD} - ${MARK}a\nb`) },
  { name: 'a pipe in a CEF header', refuses: () => throwsFor('CEF:0|v|p|1|id|na|me|5|', cefOf) },
  { name: 'an equals sign in a CEF value', refuses: () => throwsFor('CEF:0|v|p|1|id|n|5|msg=a=b', cefOf) },
  { name: 'a CEF key twice', refuses: () => throwsFor('CEF:0|v|p|1|id|n|5|msg=a msg=b', cefOf) },
  {
    name: 'a CEF action of 64 characters',
    refuses: () => throwsFor(`CEF:0|v|p|1|id|n|5|act=${'a'.repeat(64)}`, cefOf),
  },
]
