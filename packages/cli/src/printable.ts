/** Text from the guest as a terminal can be trusted with it: control characters are shown, not obeyed. */
export function printable(text: string): string {
  // Among the format characters are those that turn the direction of writing.
  return text.replaceAll(/[^\P{C}\n\t]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}
