import { z } from 'zod'

/** The smallest subnet has room for the host, one guest, and the two addresses that nobody can have. */
const LONGEST_PREFIX = 30

/** Where a subnet is to be picked, and how large. */
export const dynamicAddressSchema = z
  .strictObject({
    ipv4: z.ipv4(),
    prefix: z.int().min(0).max(LONGEST_PREFIX),
    subnet_prefix: z.int().max(LONGEST_PREFIX),
  })
  .refine(({ prefix, subnet_prefix }) => subnet_prefix >= prefix, {
    message: 'must not be smaller than "prefix"',
    path: ['subnet_prefix'],
  })

export type DynamicAddress = z.output<typeof dynamicAddressSchema>
