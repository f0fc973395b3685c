/** The syslog target: RFC 5424 over TLS, in CEF or JSON. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { AuditdError } from '../../../schemas/errors.ts'
import type { AlertTarget, Delivery } from '../../../schemas/ports.ts'
import { addressDenied } from '../address.ts'
import { type SocketAddress, sendAndClose } from '../syslog/closing-socket.ts'
import { type SyslogForm, syslogFrame } from '../syslog/syslog-message.ts'
import { defineTarget } from '../target-factory.ts'

export interface SyslogOptions extends SyslogForm {
  readonly to: SocketAddress
}
/** A lost end of the connection repeats as many. */
const TOGETHER = 20

/**
 * Syslog has no answers. Each exchange has a connection of its own, and its alerts are delivered when the receiver ends the connection in
 * order after we did: it has read them then. What it does with them is not known to us. A repetition has the same `uid`.
 */
export function syslogTarget(name: string, options: SyslogOptions): AlertTarget {
  const { to } = options
  const frame = ({ alert, idempotencyKey }: Delivery): string => syslogFrame(alert, idempotencyKey, options)
  const where = `${to.tls ? 'tls' : 'tcp'}://${isIP(to.host) === 6 ? `[${to.host}]` : to.host}:${to.port}`
  return {
    name,
    together: TOGETHER,
    payloads: (deliveries) => deliveries.map((delivery) => ({ to: where, headers: {}, body: frame(delivery) })),
    async deliver(deliveries, { signal }) {
      await sendAndClose(deliveries.map(frame).join(''), to, signal)
      return deliveries.map(() => ({ kind: 'delivered' }))
    },
  }
}

export default defineTarget({
  type: 'syslog',
  async create(name, config, { allowPrivate }) {
    const refuse = (field: string, reason: string) =>
      new AuditdError('config_invalid', 'config', `targets.${name}.${field}`, reason)
    const [, bare = '', port = ''] = /^(.*):(\d+)$/.exec(config.address) ?? []
    const host = bare.replace(/^\[(.*)\]$/, '$1')
    if (Number(port) < 1 || Number(port) > 65_535) throw refuse('address', 'has no such port')
    const denied = isIP(host) === 0 ? undefined : addressDenied(host, allowPrivate)
    if (denied !== undefined) throw refuse('address', denied)
    if (!config.tls && host !== 'localhost' && !(isIP(host) !== 0 && isLoopback(host)))
      throw refuse('tls', 'may be off to loopback only')
    const ca = config.ca === '' ? undefined : await certificates(config.ca)
    if (ca === undefined && config.ca !== '') throw refuse('ca', 'cannot be read as PEM certificates')
    const to = { host, port: Number(port), tls: config.tls, allowPrivate, ...(ca === undefined ? {} : { ca }) }
    return syslogTarget(name, { to, facility: config.facility, format: config.format, hostname: hostname() })
  },
})

const isLoopback = (address: string): boolean => addressDenied(address, false) === 'loopback address'
async function certificates(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.includes('-----BEGIN CERTIFICATE-----') ? text : undefined
}
