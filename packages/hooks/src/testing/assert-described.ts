import { deepStrictEqual } from 'node:assert/strict'
import { parseEvidence, type ReadableKind, type recordSchemas } from '@see/evidence'

/**
 * Sees that the schema of a kind describes every field of a file that a hook wrote.
 * @throws AssertionError with the fields that it does not describe, or EvidenceError for those that are otherwise
 */
export function assertDescribed(kind: ReadableKind & keyof typeof recordSchemas, text: string): void {
  deepStrictEqual(parseEvidence(kind, Buffer.from(text)).value, JSON.parse(text))
}
