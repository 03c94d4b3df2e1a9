import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ParsedUri } from './uri.ts'

const SYSTEM_FOLDER = '/var/run/libvirt'

/**
 * The socket of the daemon behind a URI: the one the URI names, else `virt<driver>d-sock` (modular daemons) if it is
 * there, else `libvirt-sock`.
 */
export function findSocketPath(uri: ParsedUri, environment = process.env): string {
  if (uri.socketPath !== undefined) return uri.socketPath
  const folder = isUserSession(uri) ? sessionFolder(environment) : SYSTEM_FOLDER
  const modular = join(folder, `virt${uri.driver}d-sock`)
  return existsSync(modular) ? modular : join(folder, 'libvirt-sock')
}

/** Root has no session of its own: libvirt sends it to the system's daemon. */
export function isUserSession(uri: ParsedUri): boolean {
  return uri.session && uri.socketPath === undefined && process.geteuid?.() !== 0
}

/** libvirt uses GLib's runtime folder, which falls back to its cache folder. */
function sessionFolder(environment: NodeJS.ProcessEnv): string {
  const base = environment['XDG_RUNTIME_DIR'] || environment['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(base, 'libvirt')
}
