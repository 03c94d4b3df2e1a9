#!/usr/bin/env bash
# Makes a clone ready to run: the machine, the npm packages, the build. What is done already is not done again.
# With --tests, also for its tests.
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/setup.sh "$@"
# npm writes this file last; it is older than the lockfile when packages changed.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci
fi
npm run --silent build
