#!/usr/bin/env bash
# The whole check: type check (part of the build), lint, and all tests. Arguments go to vitest. An ordinary user runs
# those named *.root.test.ts, which make containers and capture packets, by sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/prepare.sh --tests
npm run --silent lint
vitest=(node node_modules/vitest/vitest.mjs run)

# What boots guests uses the processor, two files at a time: with three, daemons answer too late. Most of what does not waits,
# so it runs beside that, two files at a time as well, and says at the end what came of it.
in_two_lanes() {
  local said failed=0
  said=$(mktemp)
  "${vitest[@]}" --project light --project packages --project disks "$@" >"$said" 2>&1 &
  local beside=$!
  # shellcheck disable=SC2064 # the two of now
  trap "kill $beside; wait $beside; cat '$said'; rm '$said'" EXIT
  "${vitest[@]}" --project system "$@" || failed=1
  wait "$beside" || failed=1
  trap - EXIT
  cat "$said"
  rm "$said"
  return "$failed"
}

if [ "$#" -gt 0 ]; then
  run=("${vitest[@]}" "$@")
else
  run=(in_two_lanes)
fi
if [ "$(id -u)" -eq 0 ]; then
  "${run[@]}"
else
  "${run[@]}" --exclude '**/*.root.test.ts'
  sudo --non-interactive env PATH="$PATH" "${vitest[@]}" --no-cache .root.test.ts
fi
