import { quoteGuestText } from '../common/quote-guest-text.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import type { WaitingGuest } from './waiting-guest.ts'

/** What is kept before a new piece, since a match may begin there. */
const BEFORE_CHARACTERS = 4096

/** Waits until the console's output matches. @returns what matched, quoted */
export async function untilMatched(
  { console }: Pick<WaitingGuest, 'console'>,
  pattern: RegExp,
  { signal }: WaitOptions,
): Promise<string> {
  const single = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''))
  const stream = await console.open({ signal })
  const end = (): void => void stream.destroy()
  signal?.addEventListener('abort', end)
  try {
    const decoder = new TextDecoder()
    let text = console.tail.toString()
    const match = (): string | undefined => single.exec(text)?.[0]
    let found = match()
    if (found !== undefined) return quoteGuestText(found)
    for await (const chunk of stream) {
      text = `${text.slice(-BEFORE_CHARACTERS)}${decoder.decode(chunk, { stream: true })}`
      found = match()
      if (found !== undefined) return quoteGuestText(found)
    }
  } finally {
    signal?.removeEventListener('abort', end)
    stream.destroy()
  }
  throw new Error('the console closed before its output matched')
}
