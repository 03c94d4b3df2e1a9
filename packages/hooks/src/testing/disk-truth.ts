import { flagsOf } from '../disk-changes/files/attributes.ts'

/** A change that a script makes: what has to be there before, and what is done to it. */
export interface DiskChange {
  readonly before: string
  readonly after: string
}

// Each kind of change to the file or folder `$f`, of which there is one a change; `$n` is its number.
const KINDS: readonly (readonly [before: string, after: string])[] = [
  ['', 'echo created $n >"$f"'],
  ['echo before >"$f"', 'echo after. >"$f"'],
  ['echo begin >"$f"', 'echo more >>"$f"'],
  ['echo x >"$f"', 'chmod 4751 "$f"'],
  ['echo x >"$f"', 'chown 1000:100 "$f"'],
  ['echo x >"$f"', 'setfattr -n user.a -v $n "$f"'],
  ['echo x >"$f"', 'setcap cap_setuid+ep "$f"'],
  ['echo x >"$f"', 'setfacl -m u:1000:rw "$f"'],
  ['echo x >"$f"', 'chattr +i "$f"'],
  ['echo x >"$f"', 'mv "$f" "$f.moved"'],
  ['echo x >"$f"', 'rm "$f"'],
  ['', 'ln -s /etc/passwd "$f"'],
  ['ln -s one "$f"', 'ln -sfn another "$f"'],
  ['echo x >"$f"', 'ln "$f" "$f.link"'],
  ['', 'truncate -s 3M "$f"; echo end >>"$f"'],
  [
    'head -c 300000 /bin/busybox >"$f"',
    'printf X | dd of="$f" bs=1 seek=150000 conv=notrunc 2>/dev/null; touch -d @1700000000 "$f"',
  ],
  ['', 'mkdir "$f"; echo in it >"$f/inner"'],
  ['mkdir "$f"; echo in it >"$f/inner"', 'rm -r "$f"'],
  ['', 'mkfifo "$f"; mknod "$f.null" c 1 3'],
  ['mknod "$f" b 7 1', 'rm "$f"; mknod "$f" b 8 1'],
  ['echo x >"$f"', 'rm "$f"; mkdir "$f"'],
  [
    '',
    `echo odd >"$f a|b '\\" ^ -> c"; echo odd >"$f
line"; echo odd >"$f\\\\n"; echo odd >"$f.ü"; echo odd >"$f.$(printf '\\377')"`,
  ],
  ['mkdir "$f"', 'chmod 1777 "$f"'],
  ['mkdir "$f"', 'setfattr -n user.of-folder -v x "$f"; setfacl -d -m u:7:rx "$f"'],
  ['echo x >"$f"', 'touch -d @1600000000 "$f"'],
  ['echo x >"$f"; setfattr -n user.gone -v x "$f"', 'setfattr -x user.gone "$f"'],
  ['echo x >"$f"; setfattr -n user.b -v 0x0001ff "$f"', 'setfattr -n user.b -v 0x0001fe "$f"'],
  ['echo x >"$f"; setcap cap_net_raw+ep "$f"', 'setcap -r "$f"'],
  ['echo x >"$f"; chattr +a "$f"', 'chattr -a "$f"'],
  ['echo same >"$f"', 'cp "$f" "$f.copy"; mv "$f.copy" "$f"'],
  ['mkdir "$f"', 'chattr +d "$f"; chown 5 "$f"'],
  ['echo trusted >"$f"', 'setfattr -n trusted.hidden -v 1 "$f"; setfattr -n security.foo -v 2 "$f"'],
  ['truncate -s 2M "$f"', 'printf x | dd of="$f" bs=1 seek=1000000 conv=notrunc 2>/dev/null'],
  // Nothing of what it has changes.
  ['echo x >"$f"', 'chmod 600 "$f"; chmod 644 "$f"; cat "$f" >/dev/null'],
]

/** Scripts for a number of changes below a folder. */
export function diskChanges(folder: string, count: number): DiskChange {
  const numbers = Array.from({ length: count }, (_, number) => number)
  const place = (number: number) => `n=${number} f=${folder}/d${number % 10}/f${number}\n`
  const script = (side: 0 | 1) =>
    numbers.map((number) => `${place(number)}${KINDS[number % KINDS.length]?.[side] ?? ''}\n`).join('')
  const folders = Array.from({ length: 10 }, (_, number) => `${folder}/d${number}`).join(' ')
  return { before: `mkdir -p ${folders}\n${script(0)}`, after: script(1) }
}

/** Prints all that programs of others see of the files below a folder, for `parseWalk`. */
export function walkScript(folder: string): string {
  return `cd ${folder}
echo "begin files"
find . -mindepth 1 -printf '%P\\0%y\\0%m\\0%U\\0%G\\0%s\\0%T@\\0%l\\0'
echo; echo "begin devices"
busybox find . -mindepth 1 '(' -type b -o -type c ')' -exec /opt/stat -c '%t:%T %n' {} +
echo "begin sums"
busybox find . -mindepth 1 -type f -print0 | busybox xargs -0 -r busybox sha1sum
echo "begin attributes"
getfattr -R -P -h -d -m - -e hex . 2>/dev/null
echo "begin flags"
find . -mindepth 1 '(' -type f -o -type d ')' -exec /opt/lsattr -d {} + 2>/dev/null
echo "begin end"
cd /
`
}

/** What is known of a file. */
export interface TrueFile {
  readonly kind: string
  readonly mode: number
  readonly owner: string
  readonly size: number
  readonly mtime: string
  readonly target: string
  readonly device: string
  readonly sha1: string
  readonly attributes: string
  readonly flags: string
}

const SECTION = /^begin (files|devices|sums|attributes|flags|end)\n/gm
const KIND_OF: Readonly<Record<string, string>> = {
  f: 'file',
  d: 'directory',
  l: 'symbolic link',
  p: 'fifo',
  s: 'socket',
  c: 'character device',
  b: 'block device',
}

/** Reads what `walkScript` printed, with characters that are bytes. */
export function parseWalk(output: string): Map<string, TrueFile> {
  const sections = sectionsOf(output)
  const devices = named(sections['devices'] ?? '', /^([\da-f]+:[\da-f]+) \.\//gm)
  const sums = named(sections['sums'] ?? '', /^([\da-f]{40}) {2}\.\//gm)
  const flags = named(sections['flags'] ?? '', /^([-A-Za-z]{22}) \.\//gm)
  const attributes = attributesIn(sections['attributes'] ?? '')
  const fields = (sections['files'] ?? '').split('\0').slice(0, -1)
  const files = new Map<string, TrueFile>()
  for (let at = 0; at < fields.length; at += 8) {
    const [path = '', letter = '', mode = '', uid = '', gid = '', size = '', mtime = '', target = ''] =
      fields.slice(at, at + 8)
    const kind = KIND_OF[letter] ?? letter
    files.set(`/${path}`, {
      kind,
      mode: Number.parseInt(mode, 8),
      owner: `${uid}:${gid}`,
      size: kind === 'file' ? Number(size) : 0,
      mtime: mtime.slice(0, -1),
      target,
      device: devices.get(path) ?? '',
      sha1: sums.get(path) ?? '',
      attributes: attributes.get(path) ?? '',
      flags: lettersOf(flags.get(path) ?? ''),
    })
  }
  return files
}

function sectionsOf(output: string): Record<string, string> {
  const marks = [...output.matchAll(SECTION)]
  return Object.fromEntries(
    marks.map((mark, index) => [
      mark[1] ?? '',
      output.slice(mark.index + mark[0].length, marks[index + 1]?.index),
    ]),
  )
}

/** Lines that begin with something of each name, which may have line breaks. */
function named(section: string, line: RegExp): Map<string, string> {
  const marks = [...section.matchAll(line)]
  return new Map(
    marks.map((mark, index) => {
      const end = marks[index + 1]?.index ?? section.length
      return [section.slice(mark.index + mark[0].length, end).replace(/\n$/, ''), mark[1] ?? '']
    }),
  )
}

/** getfattr writes bytes of names in octal. */
function attributesIn(section: string): Map<string, string> {
  const blocks = section.split('\n\n').map((block) => block.split('\n'))
  return new Map(
    blocks.flatMap(([first = '', ...lines]) => {
      const name = /^# file: (.*)$/
        .exec(first)?.[1]
        ?.replaceAll(/\\(\d{3})/g, (_, digits: string) => byteOf(digits))
      return name === undefined
        ? []
        : [
            [
              name,
              lines
                .filter((line) => line !== '')
                .toSorted()
                .join('\n'),
            ] as const,
          ]
    }),
  )
}

function byteOf(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8))
}

/** Those that chattr sets, in the order of a report. */
function lettersOf(flags: string): string {
  const known = flagsOf(0xffff_ffff).split('')
  return known.filter((letter) => flags.includes(letter)).join('')
}
