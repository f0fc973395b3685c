/** B4 of the design: our OTLP protobuf decoder against @bufbuild/protobuf and protobufjs, CPU time, interleaved in one run. */
import { readFileSync } from 'node:fs'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import { encodeLogs, type LogRecordToEncode } from '../../collector/instrument/delivery/otlp-encode.ts'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'

const ROUNDS = 15
const RECORDS = 500
const MIN_ROUND_MS = 250

/** 25 attributes per record, the mix of an audit event: ids, names, numbers, flags, a list; a fifth of the texts differ per record. */
function record(index: number): LogRecordToEncode {
  const hex = (seed: number, length: number) => (seed * 2_654_435_761).toString(16).padStart(length, '5').slice(-length)
  const attributes: { [key: string]: string | number | boolean | string[] } = {
    'mcp_audit.event.id': `019aa5f0-0000-7000-8000-${hex(index, 12)}`,
    'mcp_audit.request.uid': `019aa5f0-0000-7000-8001-${hex(index, 12)}`,
    'mcp_audit.producer.seq': 100_000 + index,
    'mcp_audit.principal.key': hex(index % 200, 32),
    'mcp_audit.definition.hash': hex(index % 20, 64),
    'mcp.method.name': 'tools/call',
    'mcp.protocol.version': '2026-07-28',
    'gen_ai.tool.name': `tool_${index % 20}`,
    'gen_ai.operation.name': 'execute_tool',
    'jsonrpc.request.id': String(index),
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'mcp_audit.decision': 'allow',
    'mcp_audit.outcome': index % 33 === 0 ? 'tool_error' : 'ok',
    'mcp_audit.duration.ms': 1.5 + (index % 90),
    'mcp_audit.scopes': ['files.read', 'files.write'],
    'mcp_audit.labels': ['pii.email'],
    'mcp_audit.trace.client_supplied': true,
    'mcp_audit.era': 'modern',
    'mcp_audit.vantage': 'server',
    'mcp_audit.client.key': 'https://client.example/metadata.json',
    'mcp_audit.address.class': 'private',
    'mcp_audit.arguments.bytes': 640 + (index % 100),
    'mcp_audit.result.bytes': 3_000 + (index % 1_000),
    'mcp_audit.hop': 'direct',
  }
  const time = `2026-11-24T06:00:${String(index % 60).padStart(2, '0')}.${String(index).padStart(9, '0')}Z`
  return {
    time,
    observedTime: time,
    eventName: 'mcp_audit.tool.result',
    severityNumber: 9,
    attributes,
    traceId: hex(index, 32),
    spanId: hex(index, 16),
    flags: 1,
  }
}

const bytes = encodeLogs({
  resource: {
    'service.name': 'bench',
    'service.version': '1.0.0',
    'service.instance.id': '0193',
    'deployment.environment.name': 'test',
  },
  scope: { name: '@mcp-auditd/instrument', version: '0.1.0' },
  records: Array.from({ length: RECORDS }, (_, index) => record(index)),
})

const root = protobuf.parse(readFileSync(new URL('../fixtures/otlp/otlp.proto', import.meta.url), 'utf8')).root
root.resolveAll()
// protobufjs generates its decoder from the schema at run time: the same code as its static-module target writes to a file.
const viaProtobufjs = root.lookupType('otlp.ExportLogsServiceRequest')
// otlp.binpb is protoc's descriptor set of the same file; protoc-gen-es embeds the same bytes in what it generates.
const descriptorBytes = readFileSync(new URL('../fixtures/otlp/otlp.binpb', import.meta.url))
const viaBufbuild = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorBytes)).getMessage(
  'otlp.ExportLogsServiceRequest',
)!

const contestants: { readonly [name: string]: () => number } = {
  ours: () => decodeLogs(bytes)[0]!.records.length,
  protobufjs: () =>
    (viaProtobufjs.decode(bytes) as unknown as { resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[] })
      .resourceLogs[0]!.scopeLogs[0]!.logRecords.length,
  bufbuild: () =>
    (fromBinary(viaBufbuild, bytes) as unknown as { resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[] })
      .resourceLogs[0]!.scopeLogs[0]!.logRecords.length,
}

/** CPU nanoseconds per record of one contestant in one round. */
function cpuPerRecord(decode: () => number): number {
  let decoded = 0
  const before = process.cpuUsage()
  const deadline = performance.now() + MIN_ROUND_MS
  while (performance.now() < deadline) decoded += decode()
  const spent = process.cpuUsage(before)
  return ((spent.user + spent.system) * 1000) / decoded
}

const costs = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]))
for (let round = -2; round < ROUNDS; round++)
  for (const [name, decode] of Object.entries(contestants)) {
    const cost = cpuPerRecord(decode)
    if (round >= 0) costs.get(name)!.push(cost)
  }

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const ours = costs.get('ours')!
const library = median(costs.get('protobufjs')!) <= median(costs.get('bufbuild')!) ? 'protobufjs' : 'bufbuild'
const ratios = costs.get(library)!.map((cost, round) => cost / ours[round]!)
const perRecord = [...costs].map(([name, values]) => `${name} ${Math.round(median(values))} ns`).join(', ')
console.log(
  `B4 OTLP decode ${median(ratios).toFixed(2)}x of ${library} (range ${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}, target >= 2; per record of 25 attributes: ${perRecord})`,
)
