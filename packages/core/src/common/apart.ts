/**
 * Runs work from the event loop, where nothing of the caller is on the stack or waits to run: a watchdog that terminates it
 * terminates nothing else.
 */
export function apart<Result>(work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const run = async (): Promise<void> => {
      try {
        resolve(await work())
      } catch (error) {
        reject(error)
      }
    }
    // Not `setImmediate`: Node forgets what else it has to run immediately.
    setTimeout(() => void run(), 0)
  })
}
