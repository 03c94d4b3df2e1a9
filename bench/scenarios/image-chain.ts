import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedFactory, Environment } from '@see/core'
import { millisecondsOf, type Scenario } from '../scenario.ts'
import { scratchFolder } from '../scratch-folder.ts'

const ALONE = 'embedded: an environment of an image without a base'

interface Images {
  readonly folder: string
  readonly alone: string
  /** Over two others. */
  readonly overlay: string
  /** Over three others, the last of which names a file that it must not name. */
  readonly hostile: string
  /** A text. */
  readonly none: string
}

function makeImages(): Images {
  const folder = join(scratchFolder(), 'image-chain')
  mkdirSync(folder)
  const over = (name: string, backing: string): string => {
    const path = join(folder, name)
    execFileSync('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, path, '64M'])
    return path
  }
  const alone = join(folder, 'base.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', alone, '64M'])
  const chain = (name: string, base: string) => over(`${name}-top`, over(`${name}-middle`, base))
  const none = join(folder, 'none')
  writeFileSync(none, 'no image\n'.repeat(100))
  return {
    folder,
    none,
    alone,
    overlay: chain('good', alone),
    hostile: chain('bad', over('bad', '/etc/passwd')),
  }
}

async function allocate({ folder }: Images, image: string): Promise<void> {
  const disk = { image, clone: { storage_pool_path: join(folder, 'i') } }
  const environment = await Environment.allocate(embeddedFactory({ disk }))
  await environment.deallocate()
}

/** What the check of an image's backing chain costs an allocation. */
export function imageChain(): Scenario {
  let images: Images | undefined
  const all = async (): Promise<number[]> => {
    const made = (images ??= makeImages())
    // Both are refused at the same place, so the difference is the chain's.
    const withoutImage = await millisecondsOf(() => refusal(made, made.none))
    return [
      await millisecondsOf(() => allocate(made, made.alone)),
      await millisecondsOf(() => allocate(made, made.overlay)),
      (await millisecondsOf(() => refusal(made, made.hostile))) - withoutImage,
    ]
  }
  return {
    name: 'image-chain',
    rows: [
      { what: ALONE, unit: 'ms' },
      { what: 'embedded: an environment of an overlay of two files', unit: 'ms', against: ALONE },
      { what: 'embedded: reading a chain of four and refusing it', unit: 'ms', promise: { most: 5 } },
    ],
    async start() {
      await all()
    },
    round: all,
  }
}

async function refusal(images: Images, image: string): Promise<void> {
  const refused = await allocate(images, image).then(
    () => false,
    () => true,
  )
  if (!refused) throw new Error(`${image} was not refused`)
}
