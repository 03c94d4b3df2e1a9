import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const builder = fileURLToPath(new URL('../../../guest/build.sh', import.meta.url))
let folder: string | undefined

/** The folder of the tiny guest; built when it is not there yet. */
export function tinyGuest(): string {
  folder ??= execFileSync('bash', [builder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim()
  return folder
}
