import { generateKeyPairSync, randomBytes } from 'node:crypto'

const TYPE = 'ssh-ed25519'
/** The cipher and how its key is derived: there is none. */
const NONE = 'none'
const BLOCK_BYTES = 8

/** A new host key of SSH, in base64. */
export interface SshHostKey {
  /** What stands behind the type in its `.pub` file. */
  readonly publicKey: string
  /** What stands between the first and the last line of the file of the private key, as OpenSSH writes it. */
  readonly privateKey: string
}

/** A key of Ed25519. It is made here, since a guest without acceleration takes seconds to start what makes one. */
export function newSshHostKey(): SshHostKey {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const [point, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')]
  const publicKey = Buffer.concat([field(TYPE), field(point)])
  const check = randomBytes(4)
  const secret = Buffer.concat([check, check, publicKey, field(Buffer.concat([seed, point])), field('')])
  const padding = Array.from(
    { length: (BLOCK_BYTES - (secret.length % BLOCK_BYTES)) % BLOCK_BYTES },
    (_, i) => i + 1,
  )
  const privateKey = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[NONE, NONE, ''].map(field),
    number(1),
    field(publicKey),
    field(Buffer.concat([secret, Buffer.from(padding)])),
  ])
  return { publicKey: publicKey.toString('base64'), privateKey: privateKey.toString('base64') }
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([number(bytes.length), bytes])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
