import { expect } from 'vitest'
import type { HostileRow } from './hostile-row.ts'

const ESCAPE = '\\033[2J\\033]0;owned\\007'
const analysed = [
  { name: '@see/hooks#ConsoleHook' },
  { name: '@see/hooks#NetworkTracerHook' },
  { name: '@see/hooks#NetworkAnalysisHook' },
  { name: '@see/hooks#DiskStateAnalyser', configuration: { extract_files: true } },
]

/** Names of files, interfaces and hosts, output and a console that would take a terminal over. */
export const hostileNames: readonly HostileRow[] = [
  {
    name: 'names with control characters and invalid UTF-8',
    script: `
name=$(printf 'a${ESCAPE}\\n\\377\\376\\300\\257b')
mkdir -p "/root/$name"
echo content >"/root/$name/$name"
ln -s "$name" "/root/link-$name"
printf '${ESCAPE}\\377' >"/root/plain"
ip link set eth0 down
ip link set eth0 name "$(printf 'e\\033[2J\\377')"
for each in /sys/class/net/e*; do
  ip link set "\${each##*/}" up
  udhcpc -f -n -q -i "\${each##*/}" -x "hostname:$(printf 'h${ESCAPE}')" >/dev/null
done
hostname "$(printf 'h${ESCAPE}\\377')"
printf 'out ${ESCAPE}\\377\\n'
printf 'error ${ESCAPE}\\377\\n' >&2
printf 'console ${ESCAPE}\\377\\n' >/dev/ttyS0
sync`,
    hooks: analysed,
    runtime: 8,
    deadline: 120,
    exitCodes: [0],
    says: ({ read, report }) => {
      expect(report.commands).toMatchObject([{ exit_code: 0 }])
      const listed = read('_filesystem.json')
      expect(listed).toContain('plain')
      for (const text of [listed, read('_network.json'), ...report.files.map(({ path }) => path)]) {
        expect(text).not.toMatch(/(?!\n)\p{Cc}/u)
      }
      expect(read('_console.log')).toContain('console \u001b[2J')
    },
  },
]
