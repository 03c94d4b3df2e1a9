import { z } from 'zod'
import type { OwnerRecord } from '../../../common/owner-record.ts'
import { parseXml } from '../../../common/xml.ts'
import { childOf, type Element, ensureChild } from '../../../common/xml-elements.ts'

/** The namespace of the element that says whose a domain or network is. */
export const OWNER_NAMESPACE = 'urn:see:owner:1'
const LONGEST_TEXT = 4096

const text = z.string().max(LONGEST_TEXT)
const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)

const ownerSchema = z.object({
  identifier: z.guid(),
  socket: text,
  pid: number,
  start: number,
  boot: text,
  host: text,
})

/** Whose an object of libvirt is, as it says of itself. */
export interface ObjectOwner {
  readonly identifier: string
  readonly owner: OwnerRecord
}

/** Writes into an object's XML whose it is; the user's own metadata stay. */
export function addOwner(root: Element, identifier: string, owner: OwnerRecord): void {
  const metadata = ensureChild(root, 'metadata')
  const old = childOf(metadata, 'owner', OWNER_NAMESPACE)
  if (old !== undefined) metadata.removeChild(old)
  const element = root.ownerDocument?.createElementNS(OWNER_NAMESPACE, 'see:owner')
  if (element === undefined) return
  for (const [name, value] of Object.entries({ identifier, ...owner }))
    element.setAttribute(name, String(value))
  metadata.appendChild(element)
}

/** Undefined when the XML does not say it, or not so that it is understood. */
export function ownerIn(xml: string): ObjectOwner | undefined {
  const root = parseXml(xml).documentElement
  const metadata = root === null ? undefined : childOf(root, 'metadata')
  const element = metadata === undefined ? undefined : childOf(metadata, 'owner', OWNER_NAMESPACE)
  if (element === undefined) return undefined
  const attributes = Object.fromEntries(
    Object.keys(ownerSchema.shape).map((name) => [name, element.getAttribute(name) ?? undefined]),
  )
  const { success, data } = ownerSchema.safeParse(attributes)
  if (!success) return undefined
  const { identifier, ...owner } = data
  return { identifier, owner }
}
