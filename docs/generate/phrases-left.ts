/**
 * How many phrases of the word list are left in the comments and test titles of a room, or in the decision records. A number may
 * only shrink, and a room that is not listed has none. What users read has none anywhere.
 */
export const phrasesLeft: Readonly<Record<string, number>> = {
  '.': 4,
  bench: 5,
  'bench/scenarios': 7,
  'docs/adr': 110,
  'docs/generate': 6,
  'packages/core/src/context': 7,
  'packages/core/src/contract': 5,
  'packages/core/src/environment': 18,
  'packages/core/src/events': 26,
  'packages/core/src/hooks': 3,
  'packages/core/src/providers': 154,
  'packages/core/src/templates': 52,
  'packages/hooks/src': 2,
  'packages/hooks/src/analysis': 12,
  'packages/hooks/src/commands': 21,
  'packages/hooks/src/confinement': 17,
  'packages/hooks/src/console': 2,
  'packages/hooks/src/disk': 14,
  'packages/hooks/src/disk-changes': 68,
  'packages/hooks/src/guest': 3,
  'packages/hooks/src/memory': 5,
  'packages/hooks/src/network': 30,
  'packages/hooks/src/processes': 6,
  'packages/hooks/src/protocol': 2,
  'packages/hooks/src/results': 2,
  'packages/hooks/src/screen': 4,
  'packages/hooks/src/testing': 10,
  tests: 97,
  'tests/contract': 21,
  'tests/support': 22,
}

/** The room of a file: its folder, at most four deep. */
export function roomOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 4).join('/') || '.'
}
