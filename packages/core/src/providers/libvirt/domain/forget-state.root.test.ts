import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { qemuFactory } from '../qemu/qemu.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-nvram-'))
const kept = '/var/lib/libvirt/qemu/nvram'
/** libvirt and QEMU ask of the files of a firmware only that they are there, until it runs. */
const firmware = '/usr/share/seabios/bios-256k.bin'

afterAll(() => rmSync(folder, { recursive: true }))

async function poweredOn(nvram: string) {
  const configuration = join(folder, 'domain.xml')
  writeFileSync(
    configuration,
    `<domain type="qemu">
      <memory unit="MiB">64</memory>
      <os>
        <type arch="x86_64" machine="pc-q35-7.2">hvm</type>
        <loader readonly="yes" type="pflash">${firmware}</loader>
        ${nvram}
      </os>
      <features><acpi/></features>
    </domain>`,
  )
  const environment = await Environment.allocate(qemuFactory({ domain: { configuration } }))
  onTestFinished(() => environment.deallocate())
  await environment.context.poweron()
  return environment
}

test('the variables of a firmware go with the environment', async () => {
  const environment = await poweredOn(`<nvram template="${firmware}"/>`)
  const file = `${environment.identifier}_VARS.fd`
  expect(readdirSync(kept)).toContain(file)
  await environment.deallocate()
  expect(readdirSync(kept)).not.toContain(file)
})

test('a file of the user’s with variables stays', async () => {
  const mine = join(kept, 'of-a-test.fd')
  writeFileSync(mine, Buffer.alloc(262_144))
  onTestFinished(() => rmSync(mine))
  const environment = await poweredOn(`<nvram>${mine}</nvram>`)
  await environment.deallocate()
  expect(readdirSync(kept)).toContain('of-a-test.fd')
})
