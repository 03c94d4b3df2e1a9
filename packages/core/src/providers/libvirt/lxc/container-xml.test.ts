import { expect, test } from 'vitest'
import { readContainerXml } from './container-xml.ts'

const nobody = { uid: 0, gid: 0 }

test.each([
  ['<domain type="lxc"/>', { root: undefined, init: '/sbin/init', owner: nobody }],
  ['<domain><os><init> /bin/sh </init></os></domain>', { init: '/bin/sh' }],
  ['<domain><os><init/></os></domain>', { init: '/sbin/init' }],
  [
    `<domain><devices>
      <filesystem><source dir="/other"/><target dir="/data"/></filesystem>
      <filesystem type="mount"><source dir="/root fs"/><target dir="/"/></filesystem>
    </devices></domain>`,
    { root: '/root fs' },
  ],
  [
    '<domain><devices><filesystem type="file"><source file="/image"/><target dir="/"/></filesystem></devices></domain>',
    { root: undefined },
  ],
  [
    `<domain><idmap>
      <uid start="1000" target="1000" count="1"/><uid start="0" target="100000" count="1000"/>
      <gid start="0" target="200000" count="1000"/>
    </idmap></domain>`,
    { owner: { uid: 100_000, gid: 200_000 } },
  ],
])('%s is read', (xml, expected) => {
  expect(readContainerXml(xml)).toMatchObject(expected)
})
