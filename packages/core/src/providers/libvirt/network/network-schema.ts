import { z } from 'zod'
import { dynamicAddressSchema } from './address/dynamic-address.ts'

/** What a resources file says of the network. */
export const networkSchema = z.strictObject({
  mode: z
    .enum(['nat-no-lan', 'nat', 'routed', 'isolated', 'sinkhole', 'none'])
    .optional()
    .describe(
      '`nat-no-lan`: the guest reaches the Internet, but neither the host nor its networks; `nat`: all that the host reaches; `routed`: the same under its own address; `isolated`: only the host; `sinkhole`: nothing, but every name is answered and every connection accepted inside of SEE, and NetworkTracerHook records what was asked; `none`: nothing, for it has no interface. `nat-no-lan` when neither this nor `configuration` is given.',
    ),
  sharing: z
    .enum(['shared', 'own'])
    .optional()
    .describe(
      '`shared`: one network for all environments of a mode on this host, whose guests do not reach one another, nor have other addresses than those they are given; `own`: one for each environment, which is slower. When not given: `shared` where SEE runs as root on the host of libvirtd with nftables, unless `dynamic_address` has a single subnet or subnets for a single guest.',
    ),
  configuration: z.string().min(1).optional().describe("The path of a network's XML, in place of a mode."),
  other_interfaces: z
    .enum(['network', 'warn', 'refuse'])
    .default('network')
    .describe(
      "What happens when the domain's XML gives the guest a way to a network beside its first interface. `network`: further interfaces are also put on this network, or refused in the mode `sinkhole`, and other ways out, such as a network card of the host, are a warning; `warn`: interfaces stay on what the XML says, and all are a warning each; `refuse`: the allocation is refused.",
    ),
  dynamic_address: dynamicAddressSchema
    .optional()
    .describe(
      'Where a free subnet is picked, and how large; a /24 of 10.200.0.0/16 when neither this nor `configuration` is given.',
    ),
})

export type NetworkConfiguration = z.output<typeof networkSchema>
