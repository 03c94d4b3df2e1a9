import { DummyProvider } from './dummy.ts'
import { GlanceProvider } from './glance.ts'
import { LibvirtPoolProvider } from './libvirt-pool.ts'
import { S3Provider } from './s3.ts'

const PREFIX = 'see.image_providers'

/** The names that the Python reference's configuration files have for its providers, by package and by module. */
export const providerAliases: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  [`${PREFIX}.DummyProvider`, DummyProvider],
  [`${PREFIX}.dummy.DummyProvider`, DummyProvider],
  [`${PREFIX}.LibvirtPoolProvider`, LibvirtPoolProvider],
  [`${PREFIX}.libvirt_pool.LibvirtPoolProvider`, LibvirtPoolProvider],
  [`${PREFIX}.GlanceProvider`, GlanceProvider],
  [`${PREFIX}.os_glance.GlanceProvider`, GlanceProvider],
  [`${PREFIX}.S3Provider`, S3Provider],
  [`${PREFIX}.s3.S3Provider`, S3Provider],
])
