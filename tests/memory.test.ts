import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, eventNames, qemuFactory } from '@see/core'
import type { ProtocolEvent } from '@see/hooks'
import { expect, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'

const GUEST_MS = 90_000
const wait: ProtocolEvent = 'wait_analysis'

/** A file's first bytes; it may be large. */
function start(path: string, length: number): string {
  const buffer = Buffer.alloc(length)
  const descriptor = openSync(path, 'r')
  readSync(descriptor, buffer)
  closeSync(descriptor)
  return buffer.toString('latin1')
}

function memoryHook(memory_snapshots_on_event: string, compress_snapshots: boolean) {
  return { name: '@see/hooks#MemoryHook', configuration: { memory_snapshots_on_event, compress_snapshots } }
}

test(
  'of a real guest: refused while it runs; paused, YARA finds what a program keeps in memory; compressed as well',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'see-memory-test-'))
    const marker = `see-marker-${process.pid}-${Date.now()}`
    writeFileSync(join(folder, 'rules.yar'), `rule marker { strings: $a = "${marker}" condition: $a }`)
    const [elf, kdump, giveUp] = eventNames.parse(['take_elf', 'take_kdump', 'give_up'])
    const rules = join(folder, 'rules.yar')
    await using environment = await Environment.allocate(qemuFactory(await sharedTemplate('libvirt')), {
      configuration: { results_folder: join(folder, 'results') },
      hooks: [
        memoryHook('take_elf', false),
        memoryHook('take_kdump', true),
        {
          name: '@see/hooks#MemoryHook',
          configuration: { memory_snapshots_on_event: 'give_up', timeout: 0.05 },
        },
        {
          name: '@see/hooks#YaraHook',
          configuration: { rules, start_processing_on_event: 'memory_snapshot_taken' },
        },
      ],
    })
    const { context, identifier } = environment
    const result = (name: string) => join(folder, 'results', `${identifier}_${name}`)
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    // Put together in the guest, so that nothing but the program's memory has the whole.
    const script = `exec sh -c 'while :; do sleep 60; done' "$1$2"`
    const [head, tail] = [marker.slice(0, 8), marker.slice(8)]
    await context.agent.exec(['/bin/sh', '-c', `(${script}) >/dev/null 2>&1 & sleep 1`, 'sh', head, tail])
    await context.trigger(elf ?? expect.fail())
    expect(context.failures).toMatchObject([{ error: { code: 'GUEST_NOT_PAUSED' } }])
    expect(readdirSync(join(folder, 'results'))).toEqual([])
    await context.pause()
    await context.trigger(elf ?? expect.fail())
    await context.trigger(wait)
    expect(context.failures).toHaveLength(1)
    expect(start(result('take_elf.elf'), 4)).toBe('\x7fELF')
    const { matches } = JSON.parse(readFileSync(result('yara.json'), 'utf8'))
    expect(matches).toMatchObject([{ rule: 'marker', file: result('take_elf.elf') }])
    expect(matches[0].strings[0]).toMatchObject({ name: '$a', data: marker })
    await context.trigger(kdump ?? expect.fail())
    await context.settled()
    expect(context.failures).toMatchObject([{}, { error: { code: 'EVIDENCE_UNSUPPORTED' } }])
    // Flattened by makedumpfile's rules: a header of 4096 bytes, and of each block offset and length.
    expect(start(result('take_kdump.kdump'), 4096 + 16 + 8)).toMatch(/^makedumpfile\0[^]*KDUMP {3}$/)
    expect(await context.state()).toBe('paused')
    // The hypervisor writes no more when a snapshot has been given up: it has the guest run immediately.
    await context.trigger(giveUp ?? expect.fail())
    expect(context.failures.slice(2)).toMatchObject([{ error: { code: 'MEMORY_SNAPSHOT_FAILED' } }])
    await context.resume()
    expect(await context.state()).toBe('running')
    rmSync(folder, { recursive: true })
  },
  GUEST_MS + 60_000,
)
