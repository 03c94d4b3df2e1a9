import { readFile, stat } from 'node:fs/promises'
import type { AttachedDisk } from '../contract/attach-ability.ts'
import type { SeeContext } from '../context/see-context.ts'
import { runInGuest } from './run-in-guest.ts'

/** Up to this size the agent is quicker than a disk. */
const AGENT_LIMIT_BYTES = 1024 * 1024

/** Brings a file of this host to a path of the guest. */
export async function bringFile(
  context: SeeContext,
  path: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { size } = await stat(path)
  const { attach } = context.resources.abilities
  if (size <= AGENT_LIMIT_BYTES || attach === undefined || (await context.agent.isWindows())) {
    await context.agent.writeFile(target, await readFile(path))
    return
  }
  const disk = await attach.file(path)
  await copyFromDisk(context, disk, target, signal)
  await disk.detach()
}

// The guest's kernel takes a moment to see a disk that was plugged in.
const COPY = `
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  for serial in /sys/block/*/serial; do
    if [ "$(cat "$serial" 2>/dev/null)" = "$1" ]; then
      device=\${serial#/sys/block/}
      head -c "$2" "/dev/\${device%/serial}" >"$3" && [ "$(wc -c <"$3")" -eq "$2" ]
      exit
    fi
  done
  sleep 0.5
done
echo "no disk with serial number $1 appeared" >&2
exit 1`

async function copyFromDisk(
  context: SeeContext,
  { serial, contentBytes }: AttachedDisk,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await runInGuest(context, ['/bin/sh', '-c', COPY, 'copy', serial, String(contentBytes), target], signal)
}
