/** Real replies of a guest agent or a monitor, and configuration files, nest less than ten deep. */
const MOST_DEPTH = 64
/** The largest real ones, of a guest with thousands of memory blocks or addresses, have some ten thousand. */
const MOST_ITEMS = 100_000

/**
 * Parses JSON of a source that is not trusted. JSON takes far more memory parsed than written if it consists of little
 * else than brackets, so those and its commas are counted first.
 * @throws RangeError when it nests deeper than 64 or has more than 100,000 items; SyntaxError when it is no JSON
 */
export function parseBoundedJson(text: string): unknown {
  let depth = 0
  let items = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22 /* " */:
        at = endOfString(text, at)
        break
      case 0x5b /* [ */:
      case 0x7b /* { */:
        items++
        if (++depth > MOST_DEPTH) throw new RangeError(`it nests deeper than ${MOST_DEPTH}`)
        break
      case 0x5d /* ] */:
      case 0x7d /* } */:
        depth--
        break
      case 0x2c /* , */:
        items++
        break
    }
    if (items > MOST_ITEMS) throw new RangeError(`it has more than ${MOST_ITEMS} items`)
  }
  return JSON.parse(text)
}

/** The place of the quote that ends the string which begins at `start`; behind the text when it has no end. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return quote
  }
  return text.length
}
