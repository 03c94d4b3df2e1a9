/** The path as one word of the guest's shell, whatever is in it. */
export function quoteFor(shell: 'sh' | 'cmd', path: string): string {
  // A path of Windows cannot hold a double quote.
  return shell === 'cmd' ? `"${path}"` : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
