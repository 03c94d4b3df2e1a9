/**
 * What happens at a step: SEE is killed; SEE and its keeper are; libvirtd is; or every folder is full from then on.
 */
export const faults = ['see', 'see and keeper', 'libvirtd', 'full disk'] as const
export type Fault = (typeof faults)[number]

/** The folders that are filled, and what fills them. */
const FILLED = ['/run', '/tmp', '/var/tmp', '/var/lib/see', '/var/lib/libvirt', '/etc/libvirt']
const FILLER = '.filler'

/** A shell command that makes room again. */
export const MAKE_ROOM = `rm -f ${FILLED.map((folder) => `${folder}/${FILLER}`).join(' ')}`

/** Notes every step in a file, and brings about the fault at one of them. Preloaded, so that SEE has nothing of it. */
const KILLER = `
import { execFileSync } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
const { SEE_KILL_AT, SEE_KILL_WHAT, SEE_KILL_STEPS } = process.env
const sh = (command) => execFileSync('sh', ['-c', command], { stdio: 'ignore' })
const fill = ${JSON.stringify(
  FILLED.map((folder) => `cat /dev/zero >${folder}/${FILLER}`).join('; ') + '; true',
)}
let count = 0
subscribe('see:step', ({ identifier, step, what }) => {
  count++
  appendFileSync(SEE_KILL_STEPS, step + ' ' + what.replaceAll(identifier, 'ID').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID') + '\\n')
  if (count !== Number(SEE_KILL_AT)) return
  if (SEE_KILL_WHAT === 'libvirtd') sh('kill -9 $(cat /run/libvirtd.pid)')
  if (SEE_KILL_WHAT === 'full disk') sh(fill)
  if (SEE_KILL_WHAT === 'see and keeper') sh('pkill -9 -f see-keeper || true')
  if (SEE_KILL_WHAT.startsWith('see')) process.kill(process.pid, 'SIGKILL')
})
`

/** For `node --import`. */
export const KILLER_MODULE = `data:text/javascript,${encodeURIComponent(KILLER)}`
