import { InvalidArgumentError } from 'commander'

/** Reads a name for a guest or a template: it becomes that of a file. */
export function guestNameOption(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text
  throw new InvalidArgumentError('Expected up to 63 letters, digits, ".", "_", "-".')
}
