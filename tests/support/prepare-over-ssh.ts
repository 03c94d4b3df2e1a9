import { readFileSync } from 'node:fs'
import type { SeeContext } from '@see/core'
import { OwnSsh } from './own-ssh.ts'
import { seeHere } from './see-command.ts'

/** Lets a key of the test into a running guest as root, and prepares the guest by SSH. */
export async function prepareOverSsh(folder: string, guest: SeeContext): ReturnType<typeof seeHere> {
  const ssh = new OwnSsh(folder)
  const take =
    'mkdir -p -m 700 /root/.ssh; cat >/root/.ssh/authorized_keys; cat /etc/ssh/ssh_host_ed25519_key.pub'
  const stdin = readFileSync(`${ssh.key}.pub`)
  const { stdout } = await guest.agent.exec(['sh', '-c', take], { stdin, timeoutMs: 60_000 })
  const address = await guest.waitForIp4Address({ timeoutMs: 60_000 })
  ssh.trust(address, stdout.toString())
  return await seeHere(folder, ['guest', 'prepare', `root@${address}`])
}
