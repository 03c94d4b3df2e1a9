import { LibvirtConnectionError } from '@see/libvirt'
import type { Finding } from '@see/core'
import { expect, test } from 'vitest'
import { checkHost } from './check.ts'
import { findHooks } from './hook-findings.ts'
import type { Host } from './host.ts'
import { findSamples } from './sample-findings.ts'

const { signal } = new AbortController()

/** A host on which everything is there and works, but for what is said otherwise. */
function hostWith(
  other: Partial<Host> & { readonly failing?: readonly string[]; readonly said?: string } = {},
): Host {
  const { failing = [], said = 'Run /init as init process', ...rest } = other
  return {
    nodeVersion: '20.19.0',
    architecture: 'x64',
    userIsRoot: true,
    userName: 'user',
    run: async (program, argv) => {
      if (failing.includes(program)) return { exitCode: null, stdout: '', stderr: `spawn ${program} ENOENT` }
      if (argv.includes('-accel'))
        return { exitCode: null, stdout: said, stderr: 'qemu: failed to set MSR 0x10a\n' }
      return { exitCode: 0, stdout: `${program} version 1\nmore\n`, stderr: '' }
    },
    libvirtVersion: async () => '9.0.0',
    guestFolder: async () => '/guest',
    exists: async () => true,
    mayOpen: async () => true,
    find: async (program) => (failing.includes(program) ? undefined : `/usr/bin/${program}`),
    confinementProblem: async () => undefined,
    ...rest,
  }
}

async function check(host: Host) {
  const [embedded, qemu, lxc] = await checkHost(host, signal)
  const named = (name: string): Finding | undefined =>
    qemu?.findings.find((finding) => finding.name.startsWith(name))
  return { embedded, qemu, lxc, named }
}

/** Whether QEMU as a child can run, and in what. */
async function jailOf(host: Host) {
  const { embedded } = await check(host)
  return [embedded?.ready, embedded?.findings.find(({ name }) => name === 'jail of QEMU')]
}

test('a host that has everything', async () => {
  const { qemu, lxc, named } = await check(hostWith())
  expect([qemu?.ready, lxc?.ready]).toEqual([true, true])
  expect(named('qemu-img')).toEqual({
    name: 'qemu-img',
    ok: true,
    detail: 'qemu-img version 1',
    mend: null,
    required: true,
  })
  expect(named('acceleration')).toMatchObject({ ok: true, mend: null })
})

test.each([
  ['qemu-system-x86_64', [false, true], 'qemu-system-x86'],
  ['qemu-img', [false, true], 'qemu-utils'],
  ['dnsmasq', [false, false], 'dnsmasq-base'],
  ['iptables', [false, false], 'iptables'],
  ['mke2fs', [true, true], 'e2fsprogs'],
])('without %s', async (program, ready, name) => {
  const { qemu, lxc, named } = await check(hostWith({ failing: [program] }))
  expect([qemu?.ready, lxc?.ready]).toEqual(ready)
  expect(named(program)).toMatchObject({
    ok: false,
    detail: `spawn ${program} ENOENT`,
    mend: `apt-get install --no-install-recommends ${name}`,
  })
})

test('root needs nft for the default network mode', async () => {
  const { qemu, lxc, named } = await check(hostWith({ failing: ['nft'] }))
  expect([qemu?.ready, lxc?.ready]).toEqual([false, false])
  expect(named('network mode')).toMatchObject({
    ok: false,
    detail: 'spawn nft ENOENT',
    mend: 'apt-get install --no-install-recommends nftables',
  })
})

test('for users other than root it says that the default network mode is slow', async () => {
  const { qemu, named } = await check(hostWith({ failing: ['nft'], userIsRoot: false }))
  expect(qemu?.ready).toBe(true)
  expect(named('network mode')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('takes a second'),
    mend: 'run SEE as root',
  })
})

test('without a daemon both say how to start it', async () => {
  const { qemu, lxc, named } = await check(
    hostWith({
      libvirtVersion: () => Promise.reject(new Error('no daemon answers')),
      exists: async (path) => path !== '/run/systemd/system',
    }),
  )
  expect([qemu?.ready, lxc?.ready]).toEqual([false, false])
  expect(named('libvirt')).toMatchObject({ detail: 'no daemon answers', mend: 'virtlogd -d; libvirtd -d' })
})

const connectionError = (code: 'DAEMON_UNREACHABLE' | 'AUTHENTICATION_REFUSED', errno: string) =>
  new LibvirtConnectionError(code, 'refused', { cause: Object.assign(new Error(errno), { code: errno }) })

test.each([
  ['may not open the socket', connectionError('DAEMON_UNREACHABLE', 'EACCES'), 'libvirt\n', 'libvirt'],
  ['may not open the socket of a group', connectionError('DAEMON_UNREACHABLE', 'EACCES'), 'virt\n', 'virt'],
  ['is refused by polkit', connectionError('AUTHENTICATION_REFUSED', ''), 'root\n', 'libvirt'],
])('advises a user who %s to join the group', async (_what, error, stdout, group) => {
  const { qemu, named } = await check(
    hostWith({
      userIsRoot: false,
      libvirtVersion: () => Promise.reject(error),
      run: async () => ({ exitCode: 0, stdout, stderr: '' }),
    }),
  )
  expect(qemu?.ready).toBe(false)
  expect(named('libvirt')?.mend).toBe(`join the group: as root, usermod -aG ${group} user; then log in again`)
})

test('advises a user who may not open /dev/kvm to join its group', async () => {
  const { named } = await check(hostWith({ mayOpen: async () => false }))
  expect(named('acceleration')).toMatchObject({
    ok: false,
    detail: 'this user may not open /dev/kvm',
    mend: expect.stringContaining('usermod -aG kvm user'),
  })
})

test('hooks: nothing is missing', async () => {
  const { install, findings } = await findHooks(hostWith(), signal)
  expect(install).toBeNull()
  expect(findings.every(({ ok, mend }) => ok && mend === null)).toBe(true)
  expect(findings.find(({ name }) => name === 'YaraHook')?.detail).toBe('bwrap, yara')
})

test.each<[Partial<Host> & { failing?: string[] }, string, object]>([
  [{ failing: ['yara'] }, 'YaraHook', { detail: 'without yara', mend: /install .* yara$/ }],
  [
    { failing: ['fls', 'mmls'] },
    'DiskStateAnalyser',
    { detail: 'without fls, mmls', mend: /install .* sleuthkit$/ },
  ],
  [{ failing: ['vol'] }, 'VolatilityHook', { detail: 'without vol', mend: /volatilityfoundation/ }],
  [
    { confinementProblem: async () => 'no namespaces' },
    'AnalyserHook',
    { detail: 'no namespaces', mend: /user namespaces/ },
  ],
  [{ mayOpen: async () => false }, 'DiskStateAnalyser', { detail: /fuse/, mend: /modprobe fuse/ }],
])('hooks: on a host with %j, what %s lacks', async (host, name, expected) => {
  const { findings } = await findHooks(hostWith(host), signal)
  const found = findings.find((finding) => finding.name === name)
  expect(found?.ok).toBe(false)
  for (const [key, value] of Object.entries(expected)) {
    expect(found?.[key as 'detail' | 'mend']).toMatch(
      value instanceof RegExp ? value : new RegExp(`^${value}$`),
    )
  }
})

test('hooks: one command installs all that is missing', async () => {
  const { install } = await findHooks(hostWith({ failing: ['yara', 'fls', 'icat', 'vol'] }), signal)
  expect(install).toBe('apt-get install --no-install-recommends sleuthkit yara')
})

test('samples: which archives cannot be unpacked, and what installs what they need', async () => {
  expect((await findSamples(hostWith())).map(({ ok, name, detail }) => [ok, name, detail])).toEqual([
    [true, 'zip, 7z, rar, cab, iso', '7z'],
    [true, 'tar', 'tar'],
    [true, 'gzip', 'gzip'],
    [true, 'xz', 'xz'],
    [true, 'bzip2', 'bzip2'],
    [true, 'zstd', 'zstd'],
  ])
  const without = async (...failing: string[]) =>
    (await findSamples(hostWith({ failing }))).filter(({ ok }) => !ok)
  expect(await without('7z')).toMatchObject([
    {
      name: 'zip, 7z, rar, cab, iso',
      detail: 'without 7z',
      mend: 'apt-get install --no-install-recommends p7zip-full',
    },
  ])
  const unconfined = await without('zstd', 'bwrap')
  expect(unconfined).toHaveLength(6)
  expect(unconfined[5]?.mend).toBe('apt-get install --no-install-recommends zstd bubblewrap')
})

test('without the driver of LXC only QEMU is ready', async () => {
  const { qemu, lxc } = await check(
    hostWith({
      libvirtVersion: async (uri) => {
        if (uri.startsWith('lxc')) throw new Error('no connection driver available for lxc:///system')
        return '9.0.0'
      },
    }),
  )
  expect([qemu?.ready, lxc?.ready]).toEqual([true, false])
  expect(lxc?.findings.find(({ ok }) => !ok)?.mend).toContain('libvirt-daemon-driver-lxc')
})

test.each([
  ['root', true, 'setpriv', 'bwrap'],
  ['an ordinary user', false, 'bwrap', 'bwrap'],
])(
  'a host on which %s can make no jail for QEMU is ready, and says what is missing',
  async (_who, isRoot, runs, lacks) => {
    expect(await jailOf(hostWith({ userIsRoot: isRoot }))).toEqual([
      true,
      expect.objectContaining({ ok: true }),
    ])
    const said = { exitCode: 1, stdout: '', stderr: 'bwrap: No permissions to create new namespace\n' }
    const host = hostWith()
    const forbids: Host['run'] = async (program, argv, options) =>
      argv.includes('--unshare-user') && program === runs ? said : await host.run(program, argv, options)
    expect(await jailOf(hostWith({ userIsRoot: isRoot, run: forbids }))).toEqual([
      true,
      expect.objectContaining({
        ok: false,
        detail: 'QEMU would run without one: bwrap: No permissions to create new namespace',
        mend: expect.stringContaining('max_user_namespaces'),
      }),
    ])
    const without = hostWith({ userIsRoot: isRoot, run: forbids, failing: [lacks] })
    expect((await jailOf(without))[1]).toMatchObject({
      ok: false,
      mend: expect.stringMatching(/install.* bubblewrap$/),
    })
  },
)

test.each([
  ['666', true, 'all guests'],
  ['660', false, 'guests with KVM share one: /dev/kvm is open to its group only'],
])(
  'with /dev/kvm of mode %s, whether each guest can have a user of its own: %s',
  async (mode, isOk, detail) => {
    const other = hostWith()
    const host = hostWith({
      run: async (program, argv, options) =>
        argv.includes('/dev/kvm')
          ? { exitCode: 0, stdout: `${mode}\n`, stderr: '' }
          : await other.run(program, argv, options),
    })
    const { qemu, named } = await check(host)
    expect(named('a user for each guest')).toMatchObject({ ok: isOk, detail, required: isOk })
    expect(qemu?.ready).toBe(true)
  },
)

test('acceleration that QEMU only believes in is reported, and the provider is ready without it', async () => {
  const { qemu, named } = await check(hostWith({ said: 'SeaBIOS (version 1.16)\nProbing EDD' }))
  expect(qemu?.ready).toBe(true)
  expect(named('acceleration')).toMatchObject({
    ok: false,
    detail: expect.stringContaining(
      'no kernel boots under it although /dev/kvm exists: qemu: failed to set MSR 0x10a',
    ),
    mend: expect.stringContaining('<domain type="qemu">'),
  })
})

test('acceleration is not tried without a kernel to boot, and this is said', async () => {
  const { named } = await check(hostWith({ guestFolder: async () => undefined }))
  expect(named('acceleration')).toMatchObject({ ok: false, detail: expect.stringContaining('not tried') })
})

test('a Node that is too old', async () => {
  const { qemu, named } = await check(hostWith({ nodeVersion: '20.18.3' }))
  expect(qemu?.ready).toBe(false)
  const { embedded } = await check(hostWith({ exists: async (path) => path !== '/bin/sh' }))
  expect(embedded?.ready).toBe(true)
  expect(embedded?.findings).toContainEqual(
    expect.objectContaining({ name: 'keeper', ok: false, required: false }),
  )
  expect(named('node')).toMatchObject({ ok: false, mend: 'install Node 20.19 or newer' })
})

test('the embedded provider needs QEMU, and no daemon', async () => {
  const without = await check(
    hostWith({ libvirtVersion: () => Promise.reject(new Error('no daemon answers')) }),
  )
  expect([without.embedded?.provider, without.embedded?.ready]).toEqual(['embedded', true])
  const { embedded } = await check(hostWith({ failing: ['qemu-system-x86_64'] }))
  expect(embedded?.ready).toBe(false)
  expect(embedded?.findings.find(({ ok }) => !ok)?.mend).toContain('qemu-system-x86')
})
