import { z } from 'zod'

/** The names that boto3 gives these, which the reference's configuration files have. */
export const s3AuthSchema = z.strictObject({
  aws_access_key_id: z.string().min(1).optional().describe('The id of the access key.'),
  aws_secret_access_key: z.string().min(1).optional().describe('The secret of the access key.'),
  aws_session_token: z.string().min(1).optional().describe('The token of a temporary key.'),
  region_name: z.string().min(1).default('us-east-1').describe("The store's region."),
  endpoint_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("The URL of a store that is not Amazon's."),
  verify: z
    .union(
      [z.string().min(1), z.literal(true)],
      'the store is always verified: give a file of certificates to trust, or leave it out',
    )
    .optional()
    .describe('A file of certificates to trust in place of the usual ones.'),
})

type S3Auth = z.output<typeof s3AuthSchema>

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** From the configuration, else from the usual variables of the environment; without any, requests are not signed. */
export function s3Credentials(auth: S3Auth, environment = process.env): S3Credentials | undefined {
  if (auth.aws_access_key_id !== undefined && auth.aws_secret_access_key !== undefined) {
    return credentialsOf(auth.aws_access_key_id, auth.aws_secret_access_key, auth.aws_session_token)
  }
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment
  return id === undefined || secret === undefined ? undefined : credentialsOf(id, secret, token)
}

function credentialsOf(id: string, secret: string, token: string | undefined): S3Credentials {
  return { accessKeyId: id, secretAccessKey: secret, ...(token === undefined ? {} : { sessionToken: token }) }
}

/** The object's URL; the bucket is in the path, which every store understands. */
export function s3Url(
  { endpoint_url: endpoint, region_name: region }: S3Auth,
  bucket: string,
  key: string,
): URL {
  const base = endpoint ?? `https://s3.${region}.amazonaws.com`
  const path = key.split('/').map(encodeSegment).join('/')
  return new URL(`${base.replace(/\/+$/, '')}/${bucket}/${path}`)
}

/** As the signature wants it: all but unreserved characters (RFC 3986). */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/[!'()*]/g, (character) => {
    return `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`
  })
}
