/**
 * side_effect: programs that a server starts and files that it changes while it serves a call. Node has no channel for either, so the
 * functions of node:child_process and node:fs are wrapped, once a process, when a server asks for it. What they do is unchanged.
 */
import { followCalls } from '../messages/call-in-flight.ts'
import { watchFileWrites } from './file-writes.ts'
import { watchPrograms } from './programs.ts'

export interface SideEffectOptions {
  /** Programs that are started. Default true. */
  readonly programs?: boolean
  /** Files that are written, moved or deleted. Default true. */
  readonly files?: boolean
}

/** Idempotent; never throws. */
export function watchSideEffects(options: true | SideEffectOptions): void {
  const { programs = true, files = true } = options === true ? {} : options
  followCalls()
  if (programs) watchPrograms()
  if (files) watchFileWrites()
}
