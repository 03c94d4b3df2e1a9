import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const builder = fileURLToPath(new URL('debian-guest.sh', import.meta.url))

/** The image of a Debian guest as it was installed; made from packages when it is not there yet, which takes minutes. */
export async function debianImage(): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', [builder])
  return stdout.trim()
}
