/** A text as it stands in XML, in an attribute or between elements. */
export function escapeXml(text: string): string {
  // In an attribute, a line break or tab would be read as a space.
  return text.replaceAll(/[<>&'"\t\n\r]/g, (character) => `&#${character.codePointAt(0) ?? 0};`)
}
