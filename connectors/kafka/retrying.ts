/** Repeats a call that failed for a passing reason until its deadline. */
import { KafkaDriverError, type KafkaErrorCode } from './driver.ts'
import { sleep } from './fetching.ts'

/** `also` is a code that is passing for this call although it is not in general (a topic just created is unknown for a moment). */
export async function retrying<T>(
  deadlineMs: number,
  known: (error: unknown) => KafkaDriverError,
  work: () => Promise<T>,
  also?: KafkaErrorCode,
): Promise<T> {
  const deadline = Date.now() + deadlineMs
  for (let pauseMs = 50; ; pauseMs = Math.min(1000, pauseMs * 2)) {
    try {
      return await work()
    } catch (error) {
      const failure = known(error)
      if ((!failure.transient && failure.code !== also) || Date.now() + pauseMs > deadline) throw failure
      await sleep(pauseMs)
    }
  }
}

/** Rejects with `timeout` when `work` takes longer; the work itself goes on, its result is in doubt. */
export async function within<T>(deadlineMs: number, doing: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, fail) => {
        timer = setTimeout(
          () => fail(new KafkaDriverError('timeout', `${doing}: no answer within ${deadlineMs} ms`)),
          deadlineMs,
        )
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
