/** Hands an event's body to a handler; what the handler throws becomes an uncaught exception. */
export function deliveryTo<Event>(
  handler: (event: Event) => void,
  decode: (body: Buffer) => Event,
): (body: Buffer) => void {
  return (body) => {
    const event = decode(body)
    try {
      handler(event)
    } catch (error) {
      // Not into the socket's reader: it would take the connection down for a mistake of the handler.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
