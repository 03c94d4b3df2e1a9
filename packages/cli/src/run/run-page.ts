import { join } from 'node:path'
import { pagePlace } from '../page/page-place.ts'
import { makePage, PAGE, writePage } from '../page/write-page.ts'

/** Makes the page of a run that has ended, and returns its path; undefined where there is no evidence. */
export async function runPage(folder: string, mode: number): Promise<string | undefined> {
  const options = { folder, out: await pagePlace(join(folder, PAGE)), mode }
  const page = await makePage(options)
  if (page.index.version === null) return undefined
  await writePage(page, options)
  return options.out
}
