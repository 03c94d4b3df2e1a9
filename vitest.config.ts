import { defineConfig } from 'vitest/config'

/** Tests that boot the helper guest again and again, or use a time up: the fast lane (`npm run test:fast`) is without. */
const READS_BY_GUEST =
  'packages/hooks/src/disk-changes/**/{disk-truth,kernel-reading,disk-state-partitions,disk-state-late}*.test.ts'

/**
 * Tests of more than one package that leave the processor to others: they boot no guest to its end, and mostly wait. They
 * run beside those that do; of a file that is missing here only time is lost.
 */
const LIGHT =
  'tests/{check.root,cli,cli-examples,cli-messages,completion,core-hook-modules,evidence-in-browser,' +
  'fetched-image,guest-build,hooks-fail-early,hung-libvirt-qemu,kill-matrix.root,killed.root,limits,links,' +
  'loading,lxc-unattended.root,lxc.root,man-page,manuals,migrating,network-sharing.root,own-error-codes,' +
  'reference-names,registered-provider,report,results-folder.root,rooms,run-ends,schemas,' +
  'shared-network-life.root,shared-network.root,spelling,template-interrupted,terminal-text,' +
  'contract/libvirt-lxc.root}.test.ts'

export default defineConfig({
  test: {
    testTimeout: 20_000,
    // A busy daemon reports what it did a while later.
    expect: { poll: { timeout: 10_000 } },
    // Guests wait for one another's emulation more than for a core; with three at a time, daemons answer too late.
    maxWorkers: 2,
    env: {
      // Failures that tests cause must not be printed.
      SEE_LOG: 'silent',
      // Debian keeps mke2fs and the like from ordinary users.
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    },
    // What is built is loaded by Node itself: to hand each of its modules through Vite takes a file of tests two seconds.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    // An `exclude` of theirs would be in the place of one on the command line.
    projects: [
      {
        extends: true,
        test: {
          name: 'system',
          // Only what hangs takes that long: a busy host boots a guest in a third of it.
          testTimeout: 60_000,
          include: ['tests/**/*.test.ts', `!${LIGHT}`],
          globalSetup: ['tests/support/run-folder.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'light',
          testTimeout: 60_000,
          include: [LIGHT],
          globalSetup: ['tests/support/run-folder.ts'],
        },
      },
      {
        extends: true,
        // Each boots two guests at a time, which share the processors.
        test: { name: 'disks', include: [READS_BY_GUEST], isolate: false, maxConcurrency: 3 },
      },
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['packages/*/src/**/*.test.ts', 'docs/generate/*.test.ts', `!${READS_BY_GUEST}`],
          // Loading the packages again for each of a hundred files takes longer than most of these.
          isolate: false,
          // Those that run at the same time wait five seconds each.
          maxConcurrency: 30,
        },
      },
    ],
  },
})
