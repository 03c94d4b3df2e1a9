/** An image and its backing chain, with everything that QEMU needs to open them. */
export interface ImageLayer {
  readonly path: string
  /** QEMU's name of its format. */
  readonly format: string
  /** The base that it is an overlay of; undefined for an image without one. */
  readonly backing?: ImageLayer | undefined
  /** Whether its file systems were frozen with it: those without a journal are marked as in use then, and are complete. */
  readonly isAtRest?: boolean
}

/** A node of QEMU's block layer, as `-blockdev` takes it. */
export interface BlockNode {
  readonly driver: string
  readonly file: { readonly driver: 'file'; readonly filename: string }
  /** Null when there is nothing beneath, whatever the header says. */
  readonly backing?: BlockNode | null
}

/** Formats for which QEMU opens a base that the header names. */
const OVERLAYS = new Set(['qcow2', 'qed', 'vmdk'])

/**
 * The block node of an image, with path and format of every layer and an explicit end of the chain: QEMU then takes
 * neither names nor formats of bases from headers, and probes nothing.
 */
export function blockNode({ path, format, backing }: ImageLayer): BlockNode {
  const node = { driver: format, file: { driver: 'file', filename: path } } as const
  if (!OVERLAYS.has(format)) return node
  return { ...node, backing: backing === undefined ? null : blockNode(backing) }
}

/** The same as a file name for qemu-img: `--image-opts` cannot express `"backing": null`. */
export function blockFileName(image: ImageLayer): string {
  return `json:${JSON.stringify(blockNode(image))}`
}
