import { type DomainPart, domainParts, nameOfPart } from '@see/core/domain-parts'
import { GENERATED, table } from './table.ts'

const FATES: Record<DomainPart['fate'], string> = {
  own: "the environment's own",
  dropped: 'left out',
  refused: 'refused',
  left: 'left as it is',
}

/** What happens to each part of a domain's XML. */
export function domainXmlPage(): string {
  return `${GENERATED}

# What happens to a domain's XML

Every environment is made from the user's XML, and several may run at the same time. What names something of the host would be
shared by all of them, so each gets its own; what cannot be its own is refused when the environment is allocated. Everything
that is not listed is the guest's hardware, or a word of the user's to libvirt, and stays as it is.

This holds for QEMU guests and containers through libvirt; VirtualBox's XML stays as it is, but for its name, UUID, first
disk and addresses. Each change is in the log, once an environment.

${table(
  ["in the domain's XML", 'what happens', 'how, or why'],
  domainParts.map((part) => [nameOfPart(part), FATES[part.fate], part.words]),
)}
`
}
