type ImageType = readonly [extension: string, mediaType: string]

const signatures: readonly (readonly [type: ImageType, bytes: Buffer])[] = [
  [['png', 'image/png'], Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
  [['ppm', 'image/x-portable-pixmap'], Buffer.from('P6', 'latin1')],
  [['pgm', 'image/x-portable-graymap'], Buffer.from('P5', 'latin1')],
  [['jpg', 'image/jpeg'], Buffer.from('\xff\xd8\xff', 'latin1')],
  [['bmp', 'image/bmp'], Buffer.from('BM', 'latin1')],
  [['gif', 'image/gif'], Buffer.from('GIF8', 'latin1')],
]

/** The file extension and media type of an image by what its bytes begin with; `bin` when they are none that is known. */
export function imageType(data: Buffer): ImageType {
  const known = signatures.find(([, bytes]) => data.subarray(0, bytes.length).equals(bytes))
  return known?.[0] ?? ['bin', 'application/octet-stream']
}
