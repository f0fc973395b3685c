/** Ending on a signal: the first one stops cleanly, a second one ends at once. */

/** SIGTERM or SIGINT stops cleanly; a second one ends at once with exit code 1. */
export function stopOnSignal(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const onSignal = (): void => {
      if (stopping) process.exit(1)
      stopping = true
      stop().then(resolve, reject)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
