import { createHash } from 'node:crypto'
import { inNtfs } from './disk-images.ts'
import type { DiskChange } from './disk-truth.ts'
import { differencesOfWalks } from './truth-of-changes.ts'

/** Bits of the attributes of DOS that The Sleuth Kit shows as permissions: read-only and hidden. */
const SHOWN = 0x3

// Each kind of change to the file or folder `$f`; a colon is followed by the name of a stream.
const KINDS: readonly (readonly [before: string, after: string])[] = [
  ['', 'echo created $n >"$f"'],
  ['echo before >"$f"', 'echo after. >"$f"'],
  ['echo begin >"$f"', 'echo more >>"$f"'],
  ['head -c 300000 /bin/sh >"$f"', 'truncate -s 5 "$f"'],
  ['echo x >"$f"', 'touch -d @1600000000 "$f"'],
  ['echo x >"$f"', 'mv "$f" "$f.moved"'],
  ['echo x >"$f"', 'rm "$f"'],
  ['', 'mkdir "$f"; echo in it >"$f/inner"'],
  ['mkdir "$f"; echo in it >"$f/inner"', 'rm -r "$f"'],
  ['echo x >"$f"', 'echo hidden >"$f:new"'],
  ['echo x >"$f"; echo before >"$f:same"; echo kept >"$f:kept"', 'echo after. >"$f:same"'],
  ['echo x >"$f"; echo before >"$f:longer"', 'echo more >>"$f:longer"'],
  ['echo x >"$f"; echo before >"$f:gone"', 'rm "$f:gone"'],
  ['mkdir "$f"', 'echo hidden >"$f:new"'],
  ['mkdir "$f"; echo before >"$f:same"', 'echo after. >"$f:same"'],
  ['mkdir "$f"; echo before >"$f:gone"', 'rm "$f:gone"'],
  ['mkdir "$f"; echo before >"$f:kept"', 'echo x >"$f/inner"'],
  ['echo x >"$f"', 'ln "$f" "$f.link"'],
  ['', 'ln -s /etc/passwd "$f"'],
  ['ln -s one "$f"', 'ln -sfn another "$f"'],
  ['ln -s one "$f"', 'ln -sfn two "$f"'],
  ['', 'truncate -s 3M "$f"; echo end >>"$f"'],
  ['truncate -s 2M "$f"', 'printf x | dd of="$f" bs=1 seek=1000000 conv=notrunc status=none'],
  [
    'head -c 300000 /bin/sh >"$f"',
    'printf X | dd of="$f" bs=1 seek=150000 conv=notrunc status=none; touch -d @1700000000 "$f"',
  ],
  ['echo x >"$f"', 'rm "$f"; mkdir "$f"'],
  ['mkdir "$f"', 'rmdir "$f"; echo x >"$f"'],
  [
    '',
    `echo odd >"$f a|b ^ -> c"; echo odd >"$f
line"; echo odd >"$f\\\\n"; echo odd >"$f.ü.\u{1f4a5}.e\u0301"; mkdir "$f.Ω"; echo odd >"$f.Ω:ω"`,
  ],
  ['echo x >"$f"', 'setfattr -n system.ntfs_attrib_be -v 0x00000021 "$f"'],
  ['mkdir "$f"', 'setfattr -n system.ntfs_attrib_be -v 0x00000012 "$f"'],
  ['echo x >"$f"', 'setfattr -n system.ntfs_attrib_be -v 0x00000024 "$f"'],
  ['echo same >"$f"', 'cp "$f" "$f.copy"; mv "$f.copy" "$f"'],
  // So many that they do not fit into the file's record.
  [
    'echo x >"$f"; for i in $(seq 20); do echo stream $i >"$f:with a long name $i"; done',
    'echo changed >"$f:with a long name 17"; echo y >"$f"',
  ],
  [
    'mkdir "$f"; setfattr -n system.ntfs_attrib_be -v 0x00000810 "$f"; seq 20000 >"$f/packed"',
    'printf X | dd of="$f/packed" bs=1 seek=90000 conv=notrunc status=none; seq 9000 >"$f/other"',
  ],
  [
    'mkdir "$f"; for i in $(seq 24); do echo $i >"$f/one of many, $i"; done',
    'rm "$f"/*5; echo x >"$f/one of many, 17"',
  ],
  ['echo x >"$f"', 'mv "$f" "$f.b"; echo y >"$f"'],
  // Nothing of what it has changes.
  ['echo x >"$f"', 'cat "$f" >/dev/null'],
]

/** Scripts for a number of changes below the current folder, which is a mounted NTFS. */
export function ntfsChanges(count: number): DiskChange {
  const numbers = Array.from({ length: count }, (_, number) => number)
  const script = (side: 0 | 1) =>
    numbers
      .map(
        (number) =>
          `n=${number} f=d${number % 10}/f${number}\n${KINDS[number % KINDS.length]?.[side] ?? ''}\n`,
      )
      .join('')
  return { before: `mkdir d0 d1 d2 d3 d4 d5 d6 d7 d8 d9\n${script(0)}`, after: script(1) }
}

/** What is known of a file, a folder or a stream. */
interface TrueNtfsFile {
  readonly isFolder: boolean
  readonly sha1: string
  readonly size: number
  /** The Sleuth Kit reports times in seconds. */
  readonly mtime: number
  readonly ctime: number
  readonly shown: number
  /** A stream of a folder: the times are the folder's, of which a report does not tell. */
  readonly isOfFolder: boolean
}

const WALK = `find . -mindepth 1 -printf '%P\\0%y\\0%s\\0%T@\\0%C@\\0%l\\0'
printf '/\\0'; find . -mindepth 1 -type f -print0 | xargs -0r sha1sum -z | tr '\\n' '\\1'
printf '/\\0'; getfattr -R -P -h -d -m '^user[.]' -e hex .
printf '\\0/\\0'; find . -mindepth 1 -print0 | xargs -0r getfattr -h -n system.ntfs_attrib_be -e hex`

/** What ntfs-3g sees of the file system of a raw image. */
export function walkNtfs(image: string): Map<string, TrueNtfsFile> {
  const output = inNtfs(image, WALK, 'ro,streams_interface=xattr').toString('latin1')
  const [found = '', sums = '', streams = '', bits = ''] = output.split('/\0')
  const sha1 = new Map(
    sums.split('\0').map((line) => [line.slice('* ./'.length + 39).replace(/^\//, ''), line.slice(0, 40)]),
  )
  const shown = new Map(
    inBlocks(bits).map(([path, lines]) => [path, Number(lines[0]?.split('=')[1]) & SHOWN]),
  )
  const files = new Map<string, TrueNtfsFile>()
  const fields = found.split('\0')
  for (let at = 0; at + 6 < fields.length; at += 6) {
    const [path = '', kind = '', size = '', mtime = '', ctime = '', target = ''] = fields.slice(at, at + 6)
    const isFolder = kind === 'd'
    files.set(`/${path}`, {
      isFolder,
      // A link is a file to all but ntfs-3g; its target is the content.
      sha1: kind === 'l' ? target : (sha1.get(path) ?? ''),
      size: isFolder ? 0 : Number(size),
      mtime: Math.floor(Number(mtime)),
      ctime: Math.floor(Number(ctime)),
      shown: shown.get(path) ?? 0,
      isOfFolder: false,
    })
  }
  // A stream has what its file has, but for the content.
  for (const [path, lines] of inBlocks(streams)) {
    const file = files.get(`/${path}`)
    if (file === undefined) throw new Error(`streams of no file: ${path}`)
    for (const line of lines) {
      const [, name = '', hex = ''] = /^user\.(.*?)(?:=0x([\da-f]*))?$/.exec(line) ?? []
      const content = Buffer.from(hex, 'hex')
      const sum = createHash('sha1').update(content).digest('hex')
      const own = { isFolder: false, isOfFolder: file.isFolder, sha1: sum, size: content.length }
      files.set(`/${path}:${unescaped(name)}`, { ...file, ...own })
    }
  }
  return files
}

/** What getfattr prints of each file. */
function inBlocks(section: string): [path: string, lines: string[]][] {
  return section
    .replace(/\0$/, '')
    .split('\n\n')
    .flatMap((block) => {
      const [first = '', ...lines] = block.split('\n').filter((line) => line !== '')
      const path = /^# file: (?:\.\/)?(.*)$/.exec(first)?.[1]
      return path === undefined ? [] : [[unescaped(path), lines]]
    })
}

function unescaped(name: string): string {
  return name.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** What a report has to say of two walks, as `truthOf` says it of file systems of Linux. */
export function ntfsTruthOf(
  before: ReadonlyMap<string, TrueNtfsFile>,
  after: ReadonlyMap<string, TrueNtfsFile>,
): Map<string, string> {
  return differencesOfWalks(before, after, differencesOf)
}

function differencesOf(was: TrueNtfsFile, is: TrueNtfsFile): string[] {
  const hasTimes = !is.isFolder && !is.isOfFolder
  const differences = [
    ...(was.isFolder === is.isFolder ? [] : ['kind']),
    ...(was.shown === is.shown ? [] : ['permissions']),
    ...(is.isFolder || was.size === is.size ? [] : ['size']),
    ...(was.sha1 === is.sha1 ? [] : ['content']),
    ...(hasTimes && was.mtime !== is.mtime ? ['mtime'] : []),
  ]
  // Something that a report does not tell, such as other attributes.
  return differences.length === 0 && hasTimes && was.ctime !== is.ctime ? ['ctime'] : differences
}
