import type { ScreenRow } from '../model/rows.ts'
import type { CaseFiles, ListedEntry } from './case-files.ts'
import { pngSize } from './png.ts'

/** One picture in the page, and all of them, in bytes. */
const PICTURE_BYTES = 2 * 1024 * 1024
const ALL_PICTURES_BYTES = 16 * 1024 * 1024
const MOST_PICTURES = 400

interface Screens {
  readonly screens: readonly ScreenRow[]
  /** The pictures in the page, by their numbers. */
  readonly pictures: readonly Uint8Array[]
}

/** Screens of the guest; the pictures in the page are PNGs by their bytes. */
export async function screenRows(files: CaseFiles): Promise<Screens> {
  const pictures: Uint8Array[] = []
  const screens: ScreenRow[] = []
  let left = ALL_PICTURES_BYTES
  for (const listed of files.bounds.rows('screens', files.entriesOf('screenshot'))) {
    const { size, why, bytes } = await pictureOf(files, listed, left)
    const inPage = bytes !== undefined && why === null && pictures.length < MOST_PICTURES
    if (inPage) {
      left -= bytes.length
      pictures.push(bytes)
    } else {
      files.bounds.omit('pictures of the screen', 1)
    }
    screens.push({
      t: files.clock.ofEpoch(listed.entry.from),
      file: listed.file,
      event: listed.entry.event === null ? null : files.bounds.field(listed.entry.event.name),
      ...size,
      picture: inPage ? pictures.length - 1 : null,
      why: inPage ? null : (why ?? 'the page holds no more pictures'),
    })
  }
  return { screens, pictures }
}

async function pictureOf({ source }: CaseFiles, { entry }: ListedEntry, left: number) {
  const bytes = await source.read(entry.path, PICTURE_BYTES + 1)
  const none = { width: 0, height: 0 }
  if (bytes === undefined) return { bytes, size: none, why: 'the file is not there' }
  const size = pngSize(bytes)
  if (size === undefined) return { bytes, size: none, why: 'it is no PNG, or too large to be shown' }
  const why = bytes.length > Math.min(PICTURE_BYTES, left) ? 'the page holds no more pictures' : null
  return { bytes, size, why }
}
