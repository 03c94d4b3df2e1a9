/** What no summary of a trace has, whatever is in it; `docs/limits.md` says what each means. */
export const unanalysed = [
  'dns_beyond_questions',
  'dns_in_parts',
  'encrypted_content',
  'http2_on_other_ports',
  'other_protocols',
  'requests_in_parts',
] as const

export type Unanalysed = (typeof unanalysed)[number]
