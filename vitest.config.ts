import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 20_000,
    // Failures that tests bring about are not to be told of.
    env: { SEE_LOG: 'silent' },
  },
})
