import type { DiskTools } from '../tools/disk-tools.ts'
import type { ListingBudget } from '../tools/listing-budget.ts'

/** Looks of the watch in a second. */
const LOOKS = 2
/** Silence of fewer looks costs nothing, where something comes after it. */
const SHORT = 5
/** How the shell says that a program ended by SIGTERM, which only the watch sends. */
export const SILENT = 143
/** How `timeout` says that there was no more time. */
const LATE = 124
/** The file in which a script leaves how many looks its listings were silent for. */
export const SPENT = 'spent'

/**
 * Shell functions for scripts whose first three words are those of `boundsOf`.
 *
 * `listed NAME PARTS ARGUMENTS…` runs fls, whose listing, of `$most` bytes at most, goes to `NAME.raw` and on, its errors to
 * `NAME.error`, and how it ended to `NAME.code`. It may be silent for its part of what is left, and is not begun where
 * nothing is.
 *
 * The first look at a listing counts none of its silence, since it may just have begun; one that is not short costs it.
 *
 * One watch for all, since there may be thousands of listings. Killed, it takes along the pause in which it is:
 * bubblewrap waits for every process.
 */
export const WATCHED = `silence=$1 each=$2 whole=$3; shift 3
seconds_now() { read -r now _ </proc/uptime; now=\${now%.*}; }
seconds_now
end=$((now + whole)) spent=0
echo 0 >${SPENT}
watch() {
  trap 'kill $! 2>/dev/null; exit' TERM
  of= size=0 quiet=0
  while :; do
    sleep 0.5 & wait $!
    read -r name pid patience 2>/dev/null <current || continue
    [ "$name" = "$of" ] || { of=$name size=0 quiet=-1; }
    [ -s "$name.code" ] && continue
    came=$(stat -c %s "$name.raw")
    if [ "$came" != "$size" ]; then size=$came quiet=0; continue; fi
    quiet=$((quiet + 1))
    if [ $quiet -eq ${SHORT} ]; then spent=$((spent + ${SHORT} + 1))
    elif [ $quiet -gt ${SHORT} ]; then spent=$((spent + 1))
    elif [ $quiet -ge "$patience" ]; then spent=$((spent + quiet + 1)); fi
    echo $spent >${SPENT}.new && mv ${SPENT}.new ${SPENT}
    [ $quiet -lt "$patience" ] || kill "$pid" 2>/dev/null
  done
}
watch >/dev/null 2>&1 &
watch=$!
listed() {
  name=$1 parts=$2; shift 2
  : >"$name.raw"; : >"$name.error"; : >"$name.code"
  seconds_now; seconds=$((end - now))
  [ "$seconds" -le "$each" ] || seconds=$each
  read -r spent <${SPENT}; left=$((silence - spent)) patience=$(((silence - spent) / parts))
  [ "$patience" -gt 0 ] || patience=1
  if [ "$seconds" -le 0 ]; then echo ${LATE} >"$name.code"; return; fi
  if [ "$left" -le 0 ]; then echo ${SILENT} >"$name.code"; return; fi
  {
    timeout "$seconds" fls -r -p -u -m / "$@" 2>"$name.error" &
    echo "$name $! $patience" >current
    wait $!; echo $? >"$name.code"
  } | (ulimit -f $((most / 512 + 1)); exec tee "$name.raw")
  : >current
}
`

/** The end of such a script. */
export const UNWATCHED = 'kill $watch || :'

/** The first words of a script that begins with `WATCHED`. */
export function boundsOf(tools: DiskTools, budget: ListingBudget): string[] {
  const looks = Math.floor((budget.silenceMs / 1000) * LOOKS)
  const wholeSeconds = Math.floor((budget.endMs - performance.now()) / 1000)
  return [looks, tools.listingSeconds, Math.max(0, wholeSeconds)].map(String)
}

/** @param spent what a script left in the file `SPENT` */
export function spend(budget: ListingBudget, spent: string): void {
  budget.spend((Number(spent) / LOOKS) * 1000)
}
