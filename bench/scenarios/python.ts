import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { z } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { tinyGuest } from './tiny-guest.ts'

/** Debian's own, which is the one that has Debian's packages. */
const PYTHON = '/usr/bin/python3'
const program = fileURLToPath(new URL('../../peer.py', import.meta.url))
const answer = z.object({ boot: z.number(), cycle: z.number() })

/** The peer that does by python3-libvirt what the reference does: a network, an overlay and a domain of its own. */
export function python(): Scenario {
  return {
    name: 'python',
    rows: [
      { what: 'python3-libvirt, cold boot: agent answers', unit: 'ms' },
      { what: 'python3-libvirt, the whole cycle', unit: 'ms' },
    ],
    async start() {
      try {
        await promisify(execFile)(PYTHON, ['-c', 'import libvirt, libvirt_qemu'])
      } catch (error) {
        throw new Error('python3-libvirt is not installed; run: apt-get install python3-libvirt', {
          cause: error,
        })
      }
    },
    async round() {
      const { stdout } = await promisify(execFile)(PYTHON, [program, tinyGuest()], { timeout: 180_000 })
      const { boot, cycle } = answer.parse(JSON.parse(stdout))
      return [boot, cycle]
    },
  }
}
