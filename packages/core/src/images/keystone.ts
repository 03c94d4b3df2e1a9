import { z } from 'zod'
import type { HttpClient } from './http-client.ts'
import type { KeystoneAuth } from './keystone-auth.ts'
import { RemoteError } from './remote-error.ts'

export interface KeystoneSession {
  readonly token: string
  /** Where the image service is, by the catalogue. */
  readonly imageUrl: string | undefined
}

const tokenSchema = z.object({
  token: z.object({
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              region: z.string().nullish(),
              url: z.url({ protocol: /^https?$/ }),
            }),
          ),
        }),
      )
      .default([]),
  }),
})

/**
 * Signs in at Keystone (Identity API v3, `POST /v3/auth/tokens`).
 * @throws RemoteError, or the signal's reason
 */
export async function authenticate(
  client: HttpClient,
  auth: KeystoneAuth,
  signal: AbortSignal,
): Promise<KeystoneSession> {
  const base = auth.auth_url.replace(/(?:\/v(?:3|2\.0))?\/*$/, '')
  const body = JSON.stringify({ auth: { identity: identityOf(auth), ...scopeOf(auth) } })
  const headers = { 'content-type': 'application/json' }
  const request = { method: 'POST', url: new URL(`${base}/v3/auth/tokens`), headers, body, signal } as const
  const answer = await client.json(request, tokenSchema)
  const token = answer.headers['x-subject-token']
  if (typeof token !== 'string') throw new RemoteError(`${base} gives no token; is it Keystone's URL?`)
  const service = answer.value.token.catalog.find(({ type }) => type === 'image')
  const endpoints = service?.endpoints.filter(({ region }) => {
    return auth.region_name === undefined || region === auth.region_name
  })
  return { token, imageUrl: endpoints?.find((endpoint) => endpoint.interface === 'public')?.url }
}

function identityOf(auth: KeystoneAuth): object {
  const { application_credential_id: id, application_credential_secret: secret, password } = auth
  if (id !== undefined) {
    return { methods: ['application_credential'], application_credential: { id, secret } }
  }
  const domain = domainOf(auth.user_domain_id, auth.user_domain_name)
  const user =
    auth.user_id === undefined ? { name: auth.username, domain, password } : { id: auth.user_id, password }
  return { methods: ['password'], password: { user } }
}

function scopeOf(auth: KeystoneAuth): object {
  if (auth.project_id !== undefined) return { scope: { project: { id: auth.project_id } } }
  if (auth.project_name === undefined) return {}
  const domain = domainOf(auth.project_domain_id, auth.project_domain_name)
  return { scope: { project: { name: auth.project_name, domain } } }
}

function domainOf(id: string | undefined, name: string | undefined): object {
  if (id !== undefined) return { id }
  return name === undefined ? { id: 'default' } : { name }
}
