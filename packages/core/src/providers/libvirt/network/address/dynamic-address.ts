import { z } from 'zod'

/** The smallest subnet has room for the host, one guest, and the two addresses that no host can have. */
const LONGEST_PREFIX = 30

/** The range to pick a subnet from, and the subnet's size. */
export const dynamicAddressSchema = z
  .strictObject({
    ipv4: z.ipv4().describe('The first address of the range.'),
    prefix: z.int().min(0).max(LONGEST_PREFIX).describe('The prefix length of the range.'),
    subnet_prefix: z
      .int()
      .min(0)
      .max(LONGEST_PREFIX)
      .describe(
        'The prefix length of the subnet that is picked: at least `prefix`, and at most 30, which is one guest.',
      ),
  })
  .refine(({ prefix, subnet_prefix }) => subnet_prefix >= prefix, {
    message: 'must not be smaller than "prefix"',
    path: ['subnet_prefix'],
  })

export type DynamicAddress = z.output<typeof dynamicAddressSchema>
