const ignore = (): void => undefined

/**
 * Has Node forget in which asynchronous contexts the present code runs. JavaScript that is terminated never leaves them, and
 * Node then aborts the process: "async hook stack has become corrupted". Only its own handler of errors that are not caught
 * forgets them, so that it gets one; no listener does. Returns whether that was possible.
 */
export function leaveAsyncContexts(error: Error): boolean {
  const handle: unknown = Reflect.get(process, '_fatalException')
  if (typeof handle !== 'function' || process.hasUncaughtExceptionCaptureCallback()) return false
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', ignore)
  try {
    Reflect.apply(handle, process, [error, false])
  } finally {
    process.off('uncaughtException', ignore)
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
  return true
}
