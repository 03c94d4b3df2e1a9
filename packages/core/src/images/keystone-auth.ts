import { z } from 'zod'

const text = z.string().min(1).optional()

/** The names that OpenStack's own client gives these. */
export const keystoneAuthSchema = z
  .strictObject({
    auth_url: z.url({ protocol: /^https?$/ }).describe("Keystone's URL, with or without `/v3`."),
    username: text.describe('The name of the user.'),
    user_id: text.describe('The id of the user, in place of the name.'),
    password: text.describe("The user's password."),
    user_domain_id: text.describe("The id of the user's domain."),
    user_domain_name: text.describe("The name of the user's domain, in place of the id."),
    project_id: text.describe('The id of the project.'),
    project_name: text.describe('The name of the project, in place of the id.'),
    project_domain_id: text.describe("The id of the project's domain."),
    project_domain_name: text.describe("The name of the project's domain, in place of the id."),
    application_credential_id: text.describe(
      'The id of an application credential, in place of user and password.',
    ),
    application_credential_secret: text.describe('The secret of the application credential.'),
    region_name: text.describe('The region of the image service in the catalogue; any when not given.'),
  })
  .refine(
    ({ username, user_id: id, password, ...rest }) =>
      ((username ?? id) !== undefined && password !== undefined) ||
      (rest.application_credential_id !== undefined && rest.application_credential_secret !== undefined),
    'give "username" (or "user_id") and "password", or an application credential’s id and secret',
  )

export type KeystoneAuth = z.output<typeof keystoneAuthSchema>
