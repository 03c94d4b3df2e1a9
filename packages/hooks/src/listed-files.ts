import { type ListedFile, parseListedFile } from './listed-file.ts'

/** Of a listing that was ended since it names the same files again and again. */
export const AGAIN = 75

/** How the shell says that fls was ended. */
const ENDED: Readonly<Record<number, string>> = {
  [AGAIN]: ': it lists the same files again and again',
  124: ': it took too long',
  141: ': there is more than output_limit lets it list',
}

/** @throws Error when it is a listing that failed, complained or is empty */
export function listedFiles(listing: Buffer, code: number, said: string): ListedFile[] {
  const words = said === '' ? '' : `: ${JSON.stringify(said.slice(-500))}`
  if (code !== 0 || listing.length === 0)
    throw new Error(`fls ended with exit code ${code} and no file${ENDED[code] ?? words}`)
  if (said !== '') throw new Error(`fls complained${words}`)
  return listing
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const file = line === '' ? undefined : parseListedFile(line)
      return file === undefined ? [] : [file]
    })
}
