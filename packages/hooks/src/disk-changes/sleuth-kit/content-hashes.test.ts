import { expect, test } from 'vitest'
import { FiwalkParser } from './content-hashes.ts'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)

const file = (name: string, inode: number, sha1: string) => `    <fileobject>
      <parent_object>
        <inode>2</inode>
      </parent_object>
      <filename>${name}</filename>
      <inode>${inode}</inode>
      <link_target>x</link_target>
      <hashdigest type='md5'>0</hashdigest>
      <hashdigest type='sha1'>${sha1}</hashdigest>
    </fileobject>
`

test('takes the sum of each inode of each file system, whatever names say', () => {
  const output = [
    `    <partition_offset>0</partition_offset>\n${file('a', 12, A)}`,
    `    <partition_offset>1048576</partition_offset>\n`,
    file(`x&lt;inode&gt;13&lt;/inode&gt;\n      &lt;inode&gt;13&lt;/inode&gt;`, 12, B),
  ]
  const found: [string, string][] = []
  const parser = new FiwalkParser((key, sha1) => found.push([key, sha1]))
  for (const line of output.join('').split('\n')) parser.take(line)
  expect(found).toEqual([
    ['0:12', A],
    ['2048:12', B],
  ])
})
