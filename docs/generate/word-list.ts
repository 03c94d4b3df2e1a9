/** A phrase that readers have to decode, and what to write instead. */
export interface Phrase {
  /** A regular expression, compared without regard to case; a space matches any white space, line ends included. */
  readonly pattern: string
  readonly instead: string
}

const REPORT = '"report", "say", "name", "pass"'

/** What `plain-english.test.ts` finds. Only phrases that are hardly ever right belong here. */
export const wordList: readonly Phrase[] = [
  { pattern: String.raw`\btold\b(?! apart)`, instead: REPORT },
  { pattern: String.raw`\btells\b(?! [\w ’-]{0,40}(?:apart|from\b))`, instead: REPORT },
  { pattern: String.raw`\b(?:tell|telling) (?:of|whether|what|how|that)\b`, instead: REPORT },
  {
    pattern: String.raw`\b(?:is|are|was|were) (?:not )?to (?:be|become|have)\b`,
    instead: '"must", "will", or the participle',
  },
  { pattern: String.raw`\b(?:whoever|whosever|whomever)\b`, instead: 'the noun: "the caller", "a user who"' },
  {
    pattern: String.raw`\b(?:nobody|somebody|anybody|everybody)\b`,
    instead: 'the noun, "no one", "unowned"',
  },
  { pattern: String.raw`\banew\b`, instead: '"again", "restart", "rebuild"' },
  { pattern: String.raw`\bfor ever\b`, instead: '"forever", "indefinitely", "without limit"' },
  { pattern: String.raw`\b(?:stands?|stood|standing) still\b`, instead: '"is paused", "stalls"' },
  { pattern: String.raw`\bby (?:itself|themselves)\b`, instead: '"alone", "automatically", "on its own"' },
  { pattern: String.raw`\bas far as\b`, instead: '"where", "as much as", "up to"' },
  { pattern: String.raw`, too(?=[.,:;)]| \*|\s*\0|\s*$| and\b| but\b)`, instead: '"also", before the verb' },
  { pattern: String.raw`, say\b(?! what| so| whether)`, instead: '"for example"' },
  { pattern: String.raw`\bat once\b`, instead: '"immediately", "at the same time"' },
  { pattern: String.raw`\bbecomes? (?:its|their|one’s) own\b`, instead: '"gets its own identity"' },
  { pattern: String.raw`\bit is said\b`, instead: '"SEE reports"' },
  { pattern: String.raw`\bwho (?:it|they|one) (?:is|are)\b`, instead: '"its identity"' },
  {
    pattern: String.raw`\bwhat of (?:a|an|the|it|its|them|that|this)\b`,
    instead: 'the noun: "the parts of it that"',
  },
  { pattern: String.raw`\bin vain\b`, instead: '"without result"' },
  { pattern: String.raw`\bhaving been\b`, instead: 'a verb: "when it was", "because it was"' },
  { pattern: String.raw`\b(?:is|are|be) had\b`, instead: '"is available", "exists"' },
  {
    pattern: String.raw`\bkeeps? (?:a|an|the|its|one’s) (?:guest|host|machine|container)s? from\b`,
    instead: '"blocks", "prevents"',
  },
]
