/** An event's name as a part of a file's name: a configured one may hold anything but white space. */
export function fileNameOf(event: string): string {
  return event.replaceAll(/[^\w.-]/g, '_').slice(0, 100)
}
