import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const builder = fileURLToPath(new URL('debian-guest.sh', import.meta.url))

/** The image of a Debian guest as it was installed; made from packages when it is not there yet, which takes minutes. */
export function debianImage(): string {
  const built = execFileSync('bash', [builder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  return built.trim()
}
