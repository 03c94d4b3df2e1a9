/** Names that files may have beyond their first one, by their number: links, of which usual systems have few. */
const MORE_NAMES = 50_000
const MORE_NAMES_OF_EACH = 8

/** What a listing may have for each of its inodes, and beyond that; one with more lists the same files again and again. */
export const mostNames = { ofEach: 1 + MORE_NAMES_OF_EACH, more: MORE_NAMES } as const
