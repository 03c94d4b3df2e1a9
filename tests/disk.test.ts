import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, qemuFactory } from '@see/core'
import type { FilesystemReport } from '@see/hooks'
import { expect, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { tinyGuest, tinyGuestResources } from './support/tiny-guest.ts'

const GUEST_MS = 90_000

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** libvirt would keep nothing of a disk that is transient by the XML. */
const transient = (xml: string) => xml.replace(/<target dev="vda"[^>]*\/>/, '$&<transient/>')

/** A second disk, ext4, that QEMU's user can read. */
function withSecondDisk(folder: string): (xml: string) => string {
  const path = join(folder, 'second.raw')
  execFileSync('mke2fs', ['-q', '-t', 'ext4', path, '16M'])
  chmodSync(folder, 0o711)
  const disk = `<disk type="file" device="disk"><driver name="qemu" type="raw"/><source file="${path}"/><target dev="vdb" bus="virtio"/></disk>`
  return (xml) => transient(xml).replace('</devices>', `${disk}</devices>`)
}

/** But for what the agent leaves while it works, and logs. */
function paths(files: readonly { readonly path: string }[]): string[] {
  return files.map(({ path }) => path).filter((path) => !/^\/(?:tmp|var)\//.test(path))
}

test.each([true, false])(
  'of a real guest: what it changed until a checkpoint while it was paused, and nothing of the image (overlay: %s)',
  async (copy_on_write) => {
    const folder = mkdtempSync(join(tmpdir(), 'see disk test '))
    const image = join(tinyGuest(), 'disk.qcow2')
    const golden = sha256(image)
    const resources = tinyGuestResources(withSecondDisk(folder))
    const second = sha256(join(folder, 'second.raw'))
    const configured = JSON.parse(readFileSync(resources, 'utf8'))
    configured.disk.clone.copy_on_write = copy_on_write
    writeFileSync(resources, JSON.stringify(configured))
    const results = join(folder, 'the results')
    await using environment = await Environment.allocate(qemuFactory(resources), {
      configuration: { results_folder: results },
      hooks: [
        {
          name: '@see/hooks#DiskCheckPointHook',
          configuration: { checkpoint_on_event: 'post_pause' },
        },
        { name: '@see/hooks#DiskStateAnalyser', configuration: { extract_files: true } },
      ],
    })
    const { context, identifier } = environment
    const analyse = async (suffix: string) => {
      await context.trigger('start_analysis')
      await context.trigger('wait_analysis')
      await context.settled()
      const path = join(results, `${identifier}_filesystem${suffix}.json`)
      return JSON.parse(readFileSync(path, 'utf8')) as FilesystemReport
    }
    const sh = (script: string) => context.agent.exec(['/bin/sh', '-c', script])
    const checkpoint = (suffix: string) => join(results, `${identifier}_post_pause${suffix}.qcow2`)
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    await sh('sync')
    await context.pause()
    await context.resume()
    await sh('mkdir /root/new; echo evil >/root/new/evil; echo more >>/etc/group; rm /etc/passwd; sync')
    await sh(
      'mkdir /root/second; mount -t ext4 /dev/vdb /root/second; echo hidden >/root/second/hidden; sync',
    )
    await context.pause()
    await context.resume()
    expect((await sh('cat /root/new/evil; echo x >/root/new/later')).stdout.toString()).toBe('evil\n')
    const between = await analyse('')
    expect(between).toMatchObject({ before: checkpoint(''), after: checkpoint('_2'), errors: [] })
    expect(paths(between.created_files)).toEqual(['/root/new', '/root/new/evil', '/root/second'])
    const other: FilesystemReport = JSON.parse(
      readFileSync(join(results, `${identifier}_filesystem.vdb.json`), 'utf8'),
    )
    expect(other).toMatchObject({ disk: 'vdb', before: checkpoint('.vdb'), after: checkpoint('_2.vdb') })
    expect(paths(other.created_files)).toEqual(['/hidden'])
    expect(paths(between.modified_files)).toEqual(['/etc/group'])
    expect(paths(between.deleted_files)).toEqual(['/etc/passwd'])
    expect(statSync(checkpoint('')).mode & 0o777).toBe(0o600)
    const evil = between.created_files.find(({ path }) => path.endsWith('evil'))?.extracted ?? ''
    expect(readFileSync(join(results, evil), 'utf8')).toBe('evil\n')
    await context.shutdown({}, { timeoutMs: GUEST_MS })
    const atTheEnd = await analyse('_2')
    expect(atTheEnd).toMatchObject({ before: image, after: null, errors: [] })
    expect(paths(atTheEnd.created_files)).toEqual(
      expect.arrayContaining(['/root/new/evil', '/root/new/later']),
    )
    expect(paths(atTheEnd.deleted_files)).toEqual(['/etc/passwd'])
    expect(context.failures).toEqual([])
    expect(sha256(join(folder, 'second.raw'))).toBe(second)
    rmSync(folder, { recursive: true })
    expect(sha256(image)).toBe(golden)
  },
  GUEST_MS + 60_000,
)

test(
  'of a real guest that runs: what it changed from its boot to the end, while it runs on',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'see disk test '))
    const golden = sha256(join(tinyGuest(), 'disk.qcow2'))
    await using environment = await Environment.allocate(qemuFactory(await sharedTemplate('libvirt')), {
      configuration: { results_folder: folder },
      hooks: [
        {
          name: 'plugins.disk.DiskCheckPointHook',
          configuration: { checkpoint_on_event: ['ip_address', 'snapshots_capture'] },
        },
        { name: 'plugins.disk.DiskStateAnalyser' },
      ],
    })
    const { context, identifier } = environment
    const events: string[] = []
    context.observe({ eventHandled: ({ event }) => void events.push(event.name) })
    const sh = async (script: string) =>
      (await context.agent.exec(['/bin/sh', '-c', script])).stdout.toString()
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    const boot = await sh('mkdir /root/boot; sync; cat /proc/sys/kernel/random/boot_id')
    await context.trigger('ip_address', { address: '192.0.2.1' })
    expect(await context.state()).toBe('running')
    await sh('mkdir /root/new; echo evil >/root/new/evil; rm /etc/passwd; sync')
    await context.trigger('snapshots_capture')
    expect(await context.state()).toBe('running')
    expect(await sh('cat /root/new/evil /proc/sys/kernel/random/boot_id')).toBe(`evil\n${boot}`)
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
    await context.settled()
    expect(context.failures).toEqual([])
    expect(events.filter((name) => /pause|resume/.test(name))).toEqual([])
    const checkpoint = (event: string) => join(folder, `${identifier}_${event}.qcow2`)
    const report: FilesystemReport = JSON.parse(
      readFileSync(join(folder, `${identifier}_filesystem.json`), 'utf8'),
    )
    expect(report).toMatchObject({
      before: checkpoint('ip_address'),
      after: checkpoint('snapshots_capture'),
      errors: [],
    })
    expect(paths(report.created_files)).toEqual(['/root/new', '/root/new/evil'])
    expect(paths(report.deleted_files)).toEqual(['/etc/passwd'])
    await environment.deallocate()
    rmSync(folder, { recursive: true })
    expect(sha256(join(tinyGuest(), 'disk.qcow2'))).toBe(golden)
  },
  GUEST_MS + 60_000,
)
