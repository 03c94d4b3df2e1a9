import { readFile } from 'node:fs/promises'

/** Where the application was built to, as one page. */
const PAGE = new URL('../../dist/page.html', import.meta.url)
/** Stands in the built page where the evidence goes. */
const PLACE = '<!--see-evidence-->'

/** The built page before and after the evidence. */
export async function pageTemplate(): Promise<readonly [before: string, after: string]> {
  const text = await readFile(PAGE, 'utf8').catch((error: unknown) => {
    throw new Error(`the page of the report is not built: run "npm run build" in a clone of SEE`, {
      cause: error,
    })
  })
  const place = text.indexOf(PLACE)
  if (place === -1) throw new Error(`${PAGE.pathname} has no place for the evidence`)
  return [text.slice(0, place), text.slice(place + PLACE.length)]
}
