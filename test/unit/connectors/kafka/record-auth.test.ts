// Record signing: who a record is from, and that its bytes are the written ones.
import { expect, test } from 'vitest'
import { recordHeaders, recordVerifier, type VerifyingKey } from '../../../../connectors/kafka/record-auth.ts'
import { HEADERS } from '../../../../schemas/topics.ts'

const value = Buffer.from('an ExportLogsServiceRequest')
const key = (keyId: string, role: 'producer' | 'collector' = 'producer'): VerifyingKey => ({
  keyId,
  secret: `${keyId}-secret-of-more-than-32-characters`,
  role,
  caller: { tenant: 'acme', servers: ['srv-1'], producer: keyId, claimed: false },
})
const producer = key('p1')
const collector = key('c1', 'collector')
const verify = recordVerifier([producer, collector])
const direct = { contentType: 'otlp_proto', writer: '' } as const
const collected = { contentType: 'otlp_proto', writer: 'collect' } as const

test('a signed record is its producer’s, with the tenant and servers of the key', () => {
  const verified = verify(value, recordHeaders(value, direct, producer))
  expect(verified).toEqual({ caller: producer.caller, collected: false, contentType: 'otlp_proto' })
})

test('the secret is in no header', () => {
  expect(JSON.stringify(recordHeaders(value, direct, producer))).not.toContain(producer.secret)
})

test('only a collector’s key makes a record collected, whatever the writer header says', () => {
  expect(verify(value, recordHeaders(value, collected, collector))).toMatchObject({ collected: true })
  expect(verify(value, recordHeaders(value, collected, producer))).toMatchObject({ collected: false })
})

test('a changed value, header, key id or signature is refused with the field', () => {
  const headers = recordHeaders(value, direct, producer)
  const changed = Buffer.from(value)
  changed[3] = changed[3]! ^ 1
  expect(verify(changed, headers)).toMatchObject({ code: 'digest_mismatch', field: HEADERS.digest })
  const cases: [string, Record<string, string>][] = [
    [HEADERS.mac, { ...headers, [HEADERS.writer]: 'collect' }],
    [HEADERS.mac, { ...headers, [HEADERS.contentType]: 'otlp_json' }],
    [HEADERS.mac, { ...headers, [HEADERS.keyId]: 'c1' }],
    [HEADERS.mac, { ...headers, [HEADERS.mac]: '' }],
    [HEADERS.keyId, { ...headers, [HEADERS.keyId]: 'p2' }],
    [HEADERS.keyId, {}],
  ]
  for (const [field, forged] of cases)
    expect(verify(value, forged)).toMatchObject({ code: 'credential_invalid', field })
  expect(verify(value, { ...headers, [HEADERS.contentType]: 'avro' })).toMatchObject({ code: 'unreadable' })
})

test('a value changed together with its digest still fails the signature', () => {
  const other = Buffer.from('another request')
  const headers = {
    ...recordHeaders(value, direct, producer),
    [HEADERS.digest]: recordHeaders(other, direct)[HEADERS.digest]!,
  }
  expect(verify(other, headers)).toMatchObject({ code: 'credential_invalid', field: HEADERS.mac })
})

test('without configured keys the caller is claimed, and a wrong digest is still refused', () => {
  const open = recordVerifier([])
  const claimed = { caller: { tenant: 'default', producer: '', claimed: true }, contentType: 'otlp_proto' }
  expect(open(value, recordHeaders(value, collected))).toEqual({ ...claimed, collected: true })
  expect(open(value, {})).toEqual({ ...claimed, collected: false })
  expect(open(Buffer.from('x'), recordHeaders(value, direct))).toMatchObject({ code: 'digest_mismatch' })
})
