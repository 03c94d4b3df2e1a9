/** The same text of characters that are bytes: one that was cut out of another, or put together, keeps all of its parts. */
export function inOnePiece(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
