/** The port of the jobs role: what jobs remember, and which of many replicas runs them. One contract suite: test/contract/job-state.ts. */

import { AuditdError } from './errors.ts'

/** Told when this process is to run the jobs, and when it is to stop. */
export interface Candidate {
  /** Must not wait for a job: whoever elects waits for it. */
  elected(): Promise<void>
  /** Awaited before another may be elected, as long as this process can still be reached. */
  deposed(): Promise<void>
}
export interface JobState {
  /** The newest value, whoever set it. */
  get(name: string): Promise<string | undefined>
  /** Resolves once it is durable. At most MAX_JOB_VALUE_CHARS; transient AuditdError: nothing is promised. */
  set(name: string, value: string): Promise<void>
  /** Stands for election until it is closed. Of all candidates of one state, one is elected at a time. */
  stand(candidate: Candidate): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}
/** A value is one record of Kafka, so it stays well below the size of one. */
export const MAX_JOB_VALUE_CHARS = 300_000
export function assertJobValue(name: string, value: string): void {
  if (value.length > MAX_JOB_VALUE_CHARS)
    throw new AuditdError('event_too_large', 'jobs', name, `remembers more than ${MAX_JOB_VALUE_CHARS} characters`)
}
