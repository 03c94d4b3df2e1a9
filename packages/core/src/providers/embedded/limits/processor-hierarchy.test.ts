import { expect, test } from 'vitest'
import { processorHierarchyIn } from './processor-hierarchy.ts'

const V1 = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
42 31 0:39 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`
const V2 = '35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate'

test.each([
  [
    'version 1',
    '4:cpuset:/x\n3:cpu,cpuacct:/a/b\n0::/c\n',
    V1,
    { version: 1, own: '/sys/fs/cgroup/cpu,cpuacct/a/b' },
  ],
  ['version 2', '0::/user.slice/a.scope\n', V2, { version: 2, own: '/sys/fs/cgroup/user.slice/a.scope' }],
  [
    'both, the processor in version 2',
    '4:cpuset:/x\n0::/c\n',
    V1,
    { version: 2, own: '/sys/fs/cgroup/unified/c' },
  ],
  ['the root', '0::/\n', V2, { version: 2, own: '/sys/fs/cgroup/' }],
  [
    'a mount of a part, with a space in its path',
    '0::/docker/x/see\n',
    String.raw`35 24 0:30 /docker/x /a\040b rw - cgroup2 cgroup2 rw`,
    { version: 2, own: '/a b/see' },
  ],
  ['a mount of another part', '0::/c\n', '35 24 0:30 /docker /m rw - cgroup2 cgroup2 rw', undefined],
  ['outside the namespace', '0::/../x\n', V2, undefined],
  ['nothing mounted', '0::/x\n', '31 23 0:28 / /sys rw - sysfs sysfs rw', undefined],
  ['nothing', '', '', undefined],
])('finds the group of this process: %s', (_what, groups, mounts, found) => {
  expect(processorHierarchyIn(groups, mounts)).toEqual(found)
})
