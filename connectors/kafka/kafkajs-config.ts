/** Options of kafkajs: bounded retries, its logger routed to a callback, quiet sockets. */
import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs, { type ISocketFactory, type KafkaConfig } from 'kafkajs'
import type { KafkaOptions } from './driver.ts'

const { logLevel } = kafkajs

export function kafkajsConfig(options: KafkaOptions, log: NonNullable<KafkaOptions['onLog']>): KafkaConfig {
  const deadlineMs = options.deliveryTimeoutMs ?? 30_000
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    socketFactory: quietSocket,
    connectionTimeout: Math.min(3000, deadlineMs),
    requestTimeout: Math.min(15_000, deadlineMs),
    // A leader move takes 3-7 s, 15 s under load: retried every half second for as long as a delivery may take.
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: Math.max(2, Math.ceil(deadlineMs / 500)) },
    logLevel: options.onLog === undefined ? logLevel.NOTHING : logLevel.WARN,
    // It calls routine answers errors, every rebalance for one; what matters is reported by whoever asked.
    logCreator: () => (entry) => log('debug', entry.log.message, { ...entry.log }),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl as KafkaConfig['sasl'] & object }),
  }
}

/** kafkajs' own sockets, but many calls may wait for one connection to a broker that is down without a warning of Node's. */
const quietSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const servername = isIP(host) ? {} : { servername: host }
  const socket = ssl ? connectTls({ host, port, ...servername, ...ssl }, onConnect) : connect({ host, port }, onConnect)
  socket.setMaxListeners(0)
  return socket.setKeepAlive(true, 60_000)
}
