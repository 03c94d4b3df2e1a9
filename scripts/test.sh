#!/usr/bin/env bash
# The whole check: type check (part of the build), lint, and all tests. Arguments go to vitest. An ordinary user runs
# those named *.root.test.ts, which make containers and capture packets, by sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/prepare.sh --tests
npm run --silent lint
if [ "$(id -u)" -eq 0 ]; then
  npx vitest run "$@"
else
  npx vitest run --exclude '**/*.root.test.ts' "$@"
  sudo --non-interactive env PATH="$PATH" node node_modules/vitest/vitest.mjs run --no-cache .root.test.ts
fi
