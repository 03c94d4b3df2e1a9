/**
 * Finds the numbered names in the C enums of libvirt's virterror.h and writes them as two tables, number to name.
 *
 * @param header the C header's text
 */
export function emitErrorNames(header: string, comment: string): string {
  // The enum of levels shares the prefix VIR_ERR_; the one of codes begins with VIR_ERR_OK.
  const start = header.indexOf('VIR_ERR_OK')
  if (start < 0) throw new Error('no VIR_ERR_OK found')
  return [
    comment,
    table('errorDomains', entries(header, 'VIR_FROM')),
    table('errorCodes', entries(header.slice(start), 'VIR_ERR')),
  ].join('\n')
}

function entries(text: string, prefix: string): string[] {
  const found = [...text.matchAll(new RegExp(`(${prefix}_\\w+)\\s*=\\s*(\\d+),`, 'g'))]
  if (found.length === 0) throw new Error(`no ${prefix}_ names found`)
  return found.map(([, name, number]) => `  ${number}: '${name}',\n`)
}

function table(name: string, rows: string[]): string {
  return `export const ${name} = {\n${rows.join('')}} as const\n`
}
