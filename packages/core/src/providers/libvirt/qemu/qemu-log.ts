import { open } from 'node:fs/promises'

/** Where libvirtd, run by root, keeps what QEMU writes on its standard error. */
const LOGS = '/var/log/libvirt/qemu'
/** What is read of a log's end. */
const MOST_BYTES = 16 * 1024
/** The log also has QEMU's command line and libvirt's own notes. */
const OWN_LINE = /^(qemu[\w.-]*: |libvirt:|KVM internal error)/

/**
 * What QEMU wrote on its standard error last.
 * @param name of the domain
 * @throws where the log is on another host, or not for this user
 */
export async function errorsInLog(name: string): Promise<string> {
  await using log = await open(`${LOGS}/${name}.log`)
  const { size } = await log.stat()
  const { buffer, bytesRead } = await log.read({
    buffer: Buffer.alloc(MOST_BYTES),
    position: Math.max(0, size - MOST_BYTES),
  })
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
  return lines.filter((line) => OWN_LINE.test(line)).join('\n')
}
