#!/usr/bin/env bash
# Sets the machine up, builds SEE and the tiny guest, and runs a program in it: this machine's own `cat`, which shows
# from where it was run. The evidence is kept in the folder results. QEMU is a child of SEE; --provider libvirt takes the
# daemon instead: npm run demo -- --provider libvirt
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/prepare.sh
npx see run --command '{sample} /etc/os-release /proc/version' \
  --runtime 3 --results results "$@" -- /bin/cat
