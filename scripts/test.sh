#!/usr/bin/env bash
# The whole check: type check (part of the build), lint, and all tests. Arguments go to vitest.
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/prepare.sh --tests
npm run --silent lint
npx vitest run "$@"
