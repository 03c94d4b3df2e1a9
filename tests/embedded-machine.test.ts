import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { leftOf } from './support/leftovers.ts'
import { showsLine } from './support/screen-text.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 90_000
const SAID = 'this is said by what the firmware found on the disk'

/** A disk whose boot sector says something on the screen and at the first serial port, and halts. */
function bootableDisk(): string {
  const program = Buffer.from(
    [
      'fa 31c0 8ed8', // cli; xor ax, ax; mov ds, ax
      'be1c7c', // mov si, the text behind the program
      'ac 84c0 740c', // next: lodsb; test al, al; jz halt
      'b40e 50 cd10', // mov ah, 0xe; push ax; int 0x10
      '58 baf803 ee', // pop ax; mov dx, 0x3f8; out dx, al
      'ebef', // jmp next
      'f4 ebfd', // halt: hlt; jmp halt
    ]
      .join('')
      .replaceAll(' ', ''),
    'hex',
  )
  const disk = Buffer.alloc(1024 * 1024)
  disk.set(Buffer.concat([program, Buffer.from(`${SAID}\r\n`)]))
  disk.writeUInt16LE(0xaa55, 510)
  const folder = temporaryFolder()
  // Sandboxes have users of their own.
  chmodSync(folder, 0o755)
  const path = join(folder, 'disk.img')
  writeFileSync(path, disk)
  return path
}

async function textOf(stream: AsyncIterable<Uint8Array>, until: string): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString('latin1')
    if (text.includes(until)) break
  }
  return text
}

test('without a kernel, the firmware boots from the disk', { timeout: GUEST_MS }, async () => {
  const { context } = await embeddedEnvironment({ disk: { image: bootableDisk() } })
  await context.poweron()
  const console = await context.domain.openConsole()
  expect(await textOf(console, '\n')).toBe(`${SAID}\r\n`)
  const screens = [context.domain.screenshot(), context.domain.screenshot()]
  for (const { mimeType, data } of await Promise.all(screens)) {
    const parts: Uint8Array[] = []
    for await (const part of data) parts.push(part)
    expect([mimeType, showsLine(Buffer.concat(parts), SAID)]).toEqual(['image/png', true])
  }
})

test('its screen can be seen by VNC, on this host', async () => {
  const { context } = await embeddedEnvironment(embeddedGuest({ machine: { vnc: true } }))
  expect(await context.resources.abilities.vnc.server()).toEqual({ host: '127.0.0.1', port: undefined })
  await context.poweron()
  const { host, port } = (await context.resources.abilities.vnc.server()) ?? expect.fail('no VNC')
  expect(host).toBe('127.0.0.1')
  const socket = connect(port ?? 0, host)
  const [greeting] = await once(socket, 'data')
  socket.destroy()
  expect(String(greeting)).toMatch(/^RFB \d{3}\.\d{3}\n$/)
})

test('its disk can be a copy of the whole image', { timeout: GUEST_MS }, async () => {
  const environment = await embeddedEnvironment(embeddedGuest({ disk: { clone: { copy_on_write: false } } }))
  const { context, identifier } = environment
  const disk = join(context.storagePool.path, 'disk.qcow2')
  const info = () => JSON.parse(execFileSync('qemu-img', ['info', '-U', '--output=json', disk]).toString())
  expect(info()).toMatchObject({ format: 'qcow2', 'virtual-size': 256 * 1024 * 1024 })
  expect(info()['backing-filename']).toBeUndefined()
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  await context.agent.writeFile('/root/kept', 'kept')
  expect((await context.agent.readFile('/root/kept')).toString()).toBe('kept')
  await environment.deallocate()
  expect(await leftOf(identifier)).toEqual([])
})
