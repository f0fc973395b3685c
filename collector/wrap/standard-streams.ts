/** Our own standard input and output as plain streams: never synchronous, so that one direction cannot hold up the other. */
import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'

/** Pipes and sockets: what every MCP client gives a server. Files and terminals keep the streams of Node. */
function isPipe(fd: number): boolean {
  const stat = fstatSync(fd)
  return stat.isFIFO() || stat.isSocket()
}

export const standardInput = (): Readable =>
  isPipe(0) ? new Socket({ fd: 0, readable: true, writable: false }) : process.stdin

/** Closed when it ends, which process.stdout cannot be: the client sees the end when the server closes its output. */
export const standardOutput = (): Writable =>
  isPipe(1) ? new Socket({ fd: 1, readable: false, writable: true }) : process.stdout
