import { describe, expect, test } from 'vitest'
import { type TemplateMachine, templateManifest } from './manifest.ts'
import { Template } from './template.ts'
import { machine } from './testing/written-template.ts'

const facts = { bytes: 1, inode: '1', mtime_ns: '1', ctime_ns: '1', sha256: 'a'.repeat(64) }

function templateOf(changes: Partial<TemplateMachine> = {}, bootMs = 1): Template {
  const manifest = templateManifest.parse({
    version: 4,
    name: 'tiny',
    created: '2026-01-01T00:00:00Z',
    resources: null,
    machine: { ...machine, ...changes },
    identity: null,
    boot_ms: bootMs,
    card: null,
    at_rest: true,
    inputs: [],
    memory: facts,
    state: facts,
    disk: facts,
    overlay: facts,
  })
  return new Template('/templates/tiny', manifest)
}

/** What is wrong with a machine for a template, without the advice. */
function whyNot(given: Partial<TemplateMachine>, built: Partial<TemplateMachine> = {}): string | undefined {
  try {
    templateOf(built).assertFits(given)
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'TEMPLATE_INVALID' })
    return error instanceof Error ? /^template "tiny": (.*); rebuild it: /s.exec(error.message)?.[1] : ''
  }
}

describe('a machine fits', () => {
  test('when all of it is the same, or what is known of it', () => {
    expect(whyNot(machine)).toBeUndefined()
    expect(whyNot({})).toBeUndefined()
    expect(whyNot({ memory_mib: 192, cpu: 'max' })).toBeUndefined()
    expect(whyNot({ libvirt_version: null, host_cpu: null })).toBeUndefined()
  })

  test('not when any part of it is another', () => {
    const others: TemplateMachine = {
      provider: 'libvirt',
      libvirt_version: '9.0.0',
      qemu_version: '7.2.0 ',
      machine: 'q35',
      accelerator: 'kvm',
      cpu: 'Max',
      host_cpu: '',
      memory_mib: 193,
      devices_sha256: 'b'.repeat(64),
    }
    for (const key of Object.keys(others)) {
      const part = Object.fromEntries(Object.entries(others).filter(([name]) => name === key))
      expect([key, whyNot(part)]).toEqual([key, expect.stringContaining(' when it was built, and is ')])
    }
  })

  test('not when it has what the other lacks, either way', () => {
    expect(whyNot({ libvirt_version: '9.0.0' })).toBe(
      "libvirt's version was null when it was built, and is 9.0.0 now",
    )
    expect(whyNot({ libvirt_version: null }, { libvirt_version: '9.0.0' })).toBe(
      "libvirt's version was 9.0.0 when it was built, and is null now",
    )
  })
})

test('the provider is named before all that differs with it', () => {
  expect(whyNot({ memory_mib: 1, cpu: 'a', provider: 'libvirt' })).toBe(
    'the provider was embedded when it was built, and is libvirt now',
  )
})

test('of long values, that part is shown in which they differ', () => {
  const cpu = `host,${'+feature,'.repeat(30)}`
  const message = whyNot({ cpu: `${cpu}+one` }, { cpu: `${cpu}+two,${'-rest,'.repeat(30)}` })
  expect(message).toMatch(/ was ….*\+two,.* when it was built, and is ….*\+one now$/)
  expect(message?.length).toBeLessThan(260)
  const model = 'a processor of which the name takes seventy characters, and a few more'
  expect(whyNot({ host_cpu: `${model} (1)` }, { host_cpu: `${model} (2)` })).toBe(
    `this host's processor was ${model} (2) when it was built, and is ${model} (1) now`,
  )
  // One is the beginning of the other.
  expect(whyNot({ cpu }, { cpu: `${cpu}+two` })).toMatch(/ was ….*,\+two when it was built, and is ….*, now$/)
  expect(whyNot({ cpu: 'a'.repeat(500) }, { cpu: 'b'.repeat(500) })).toBe(
    `the processor's model was ${'b'.repeat(80)} when it was built, and is ${'a'.repeat(80)} now`,
  )
})

test.each([
  [1, 60_000],
  [15_000, 60_000],
  [15_001, 60_004],
  [600_000, 2_400_000],
])('a template that took %i ms to boot has clones waited for %i ms', (bootMs, timeoutMs) => {
  expect(templateOf({}, bootMs).timeoutMs).toBe(timeoutMs)
})
