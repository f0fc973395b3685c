/** Where `wrap` and `proxy` are told to send their events; checked before anything starts, and cheap to load. */
import { AuditdError } from '../schemas/errors.ts'

export interface GatewayAddress {
  /** Default: MCP_AUDIT_OTLP_ENDPOINT and the like, else http://127.0.0.1:4318. */
  readonly otlp?: string
  /** Brokers, separated by commas; instead of OTLP. */
  readonly kafka?: string
  /** Folder of the spool (default: MCP_AUDIT_SPOOL, else none). */
  readonly spool?: string
}

export const brokersOf = (kafka: string): string[] => kafka.split(',').map((broker) => broker.trim())

/** Throws AuditdError('usage') for an address that is none. */
export function checkGatewayAddress(command: string, { otlp, kafka }: GatewayAddress): void {
  const bad = (option: string, reason: string): AuditdError => new AuditdError('usage', command, option, reason)
  if (otlp !== undefined && kafka !== undefined) throw bad('--kafka', 'events go to one place: not with --otlp')
  if (otlp !== undefined && !(URL.canParse(otlp) && /^https?:$/.test(new URL(otlp).protocol)))
    throw bad('--otlp', 'must be an http or https URL')
  const wrong = kafka === undefined ? undefined : brokersOf(kafka).find((broker) => !BROKER.test(broker))
  if (wrong !== undefined) throw bad('--kafka', `${wrong}: must be HOST:PORT`)
}
const BROKER = /^([^\s:]+|\[[0-9a-f:]+\]):\d+$/i
