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
    '<domain><devices/><devices><filesystem><source dir="/second"/><target dir="/"/></filesystem></devices></domain>',
    { root: '/second' },
  ],
  [
    '<domain><devices><filesystem><source dir="/a&amp;b &quot;c&quot;"/><target dir="/"/></filesystem><filesystem><source dir="/later"/><target dir="/"/></filesystem></devices></domain>',
    { root: '/a&b "c"' },
  ],
  [
    '<domain><devices><filesystem><source dir="/no target"/></filesystem></devices></domain>',
    { root: undefined },
  ],
  [
    '<domain><os><init><![CDATA[/bin/a b]]><!-- c -->\n</init><init>/bin/c</init></os></domain>',
    { init: '/bin/a b' },
  ],
  ['<domain><idmap><uid start="0"/><gid start="00" target="5"/></idmap></domain>', { owner: nobody }],
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

test('what is not XML is refused', () => {
  expect(() => readContainerXml('<domain>')).toThrow('malformed XML')
})
