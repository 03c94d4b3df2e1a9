import { printableInJson } from './printable.ts'

/** What the guest wrote, in part, and without what would control a terminal. */
export function quoteGuestText(text: string): string {
  return printableInJson(JSON.stringify(text.slice(0, 200)))
}
