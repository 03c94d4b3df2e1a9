const signatures: readonly (readonly [extension: string, bytes: Buffer])[] = [
  ['png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
  ['ppm', Buffer.from('P6', 'latin1')],
  ['pgm', Buffer.from('P5', 'latin1')],
  ['jpg', Buffer.from('\xff\xd8\xff', 'latin1')],
  ['bmp', Buffer.from('BM', 'latin1')],
  ['gif', Buffer.from('GIF8', 'latin1')],
]

/** The file extension of an image by what its bytes begin with; `bin` when they are none that is known. */
export function imageExtension(data: Buffer): string {
  return signatures.find(([, bytes]) => data.subarray(0, bytes.length).equals(bytes))?.[0] ?? 'bin'
}
