/** Bytes to a receiver that never answers: it has them when it closes the connection after we have. */
import { isIP, type Socket, connect as tcpConnect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { AuditdError } from '../../../schemas/errors.ts'
import { addressDenied } from '../address.ts'
import { checkedAddress, DEADLINE_MS, type Resolve } from '../send.ts'

export interface SocketAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string
  readonly allowPrivate: boolean
  readonly resolve?: Resolve
  /** From name lookup to the close of the receiver, milliseconds. */
  readonly deadlineMs?: number
  readonly graceMs?: number
}
/**
 * A receiver that closes of its own accord, before our bytes are there or without reading them, is to be told from one that answers our end:
 * so long its end is a failure. From then on a close with bytes unread is a reset by the kernel, and an orderly end is taken at its word.
 */
const GRACE_MS = 500

/**
 * Connects, writes, ends our side and waits for the end of the other. What the receiver's kernel merely buffers is lost when its process dies,
 * so that bytes which are on their way are no proof of anything. Throws AuditdError('target_failed' | 'address_denied'); the receiver may then
 * have read everything or nothing.
 */
export async function sendAndClose(bytes: string, to: SocketAddress, signal: AbortSignal): Promise<void> {
  const deadlineMs = to.deadlineMs ?? DEADLINE_MS
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
  const fail = (reason: string, cause?: unknown) => new AuditdError('target_failed', 'syslog', to.host, reason, cause)
  let socket: Socket | undefined
  try {
    const address = await checkedAddress(to.host, to, deadline)
    // Literal addresses pass `checkedAddress` as they are, and without TLS no byte may leave the machine.
    const denied =
      addressDenied(address, to.allowPrivate) ??
      (to.tls || addressDenied(address, false) === 'loopback address' ? undefined : 'not loopback, without TLS')
    if (denied !== undefined) throw new AuditdError('address_denied', 'syslog', to.host, denied)
    socket = opened(address, to)
    await exchanged(socket, bytes, to, deadline)
  } catch (error) {
    if (error instanceof AuditdError) throw error
    if (signal.aborted) throw fail('stopped', error)
    if (deadline.aborted) throw fail(`the receiver did not close within ${deadlineMs} ms`, error)
    const { code } = error as NodeJS.ErrnoException
    throw fail(typeof code === 'string' ? code : 'the connection failed', error)
  } finally {
    socket?.destroy()
  }
}

/** `allowHalfOpen`: an end of the other side must not end ours unseen. */
function opened(address: string, { host, port, tls, ca }: SocketAddress): Socket {
  const where = { host: address, port, allowHalfOpen: true }
  if (!tls) return tcpConnect(where)
  return tlsConnect({
    ...where,
    // The name the certificate must carry; an address is checked against the addresses in it.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  })
}

function exchanged(socket: Socket, bytes: string, to: SocketAddress, deadline: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let ended = false
    const end = (): void => {
      ended = true
      socket.end()
    }
    const abort = () => reject(deadline.reason as Error)
    if (deadline.aborted) return abort()
    deadline.addEventListener('abort', abort, { once: true })
    const tooEarly = (code: string) => reject(Object.assign(new Error('the other side ended first'), { code }))
    socket.on('error', reject)
    socket.on('close', () => tooEarly('ECONNRESET'))
    socket.on('end', () => (ended ? resolve() : tooEarly('EPIPE')))
    // Whatever it says is not asked for, but its end is seen only by who reads.
    socket.resume()
    socket.once(to.tls ? 'secureConnect' : 'connect', () =>
      socket.write(bytes, () => setTimeout(end, to.graceMs ?? GRACE_MS)),
    )
  })
}
