/** An image, and what it is an overlay of, as it is told to QEMU. */
export interface ImageLayer {
  readonly path: string
  /** QEMU's name of its format. */
  readonly format: string
  /** Undefined for an image that stands by itself. */
  readonly backing?: ImageLayer | undefined
}

/** A node of QEMU's block layer, as `-blockdev` takes it. */
export interface BlockNode {
  readonly driver: string
  readonly file: { readonly driver: 'file'; readonly filename: string }
  /** Null when there is nothing beneath, whatever the header says. */
  readonly backing?: BlockNode | null
}

/** Formats whose header can have QEMU open another file. */
const OVERLAYS = new Set(['qcow2', 'qed', 'vmdk'])

/**
 * An image as QEMU is to open it: every layer down to the last by its path and format, so that nothing is taken from a
 * header, and nothing is probed.
 */
export function blockNode({ path, format, backing }: ImageLayer): BlockNode {
  const node = { driver: format, file: { driver: 'file', filename: path } } as const
  if (!OVERLAYS.has(format)) return node
  return { ...node, backing: backing === undefined ? null : blockNode(backing) }
}

/** The same as a file's name for qemu-img, whose options have no way to say that there is nothing beneath. */
export function blockFileName(image: ImageLayer): string {
  return `json:${JSON.stringify(blockNode(image))}`
}
