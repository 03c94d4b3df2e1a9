/** Writes 16 bytes as a UUID's usual text, in lower case. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Reads a UUID with or without its dashes. Throws `TypeError` if the text is none. */
export function parseUuid(text: string): Buffer {
  const hex = text.replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TypeError(`'${text}' is not a UUID`)
  return Buffer.from(hex, 'hex')
}
