import { z } from 'zod'
import type { VncServer } from '../../../contract/vnc-ability.ts'
import type { EmbeddedDomain } from './embedded-domain.ts'

const answer = z.object({ host: z.string().default('127.0.0.1'), service: z.coerce.number().optional() })

/** Where QEMU's VNC server listens. */
export async function vncServer(domain: EmbeddedDomain): Promise<VncServer> {
  if (!domain.isRunning) return { host: '127.0.0.1', port: undefined }
  const { host, service } = answer.parse(await domain.qemu.qmp.execute('query-vnc'))
  return { host, port: service }
}
