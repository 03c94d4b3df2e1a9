/** What the guest wrote, in part, and without what would control a terminal. */
export function quoted(text: string): string {
  const control = /[\u007f-\u009f]/g
  return JSON.stringify(text.slice(0, 200)).replaceAll(
    control,
    (each) => `\\x${each.charCodeAt(0).toString(16)}`,
  )
}
