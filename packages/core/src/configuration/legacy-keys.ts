const KEYSTONE = 'here a user, or an application credential, signs in for a project'

/** Keys that the Python reference takes and that are not needed here, by the end of their path: what to do about them. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['auth.api_version', 'leave it out'],
  ['auth.config', 'leave it out'],
  ['auth.use_ssl', 'leave it out: the scheme of "endpoint_url" says it'],
  ['os_auth.domain_id', KEYSTONE],
  ['os_auth.domain_name', KEYSTONE],
  ['os_auth.system_scope', KEYSTONE],
  ['os_auth.trust_id', KEYSTONE],
  ['os_auth.unscoped', KEYSTONE],
  ['os_auth.include_catalog', 'leave it out'],
  ['os_auth.reauthenticate', 'leave it out'],
  ['os_auth.tenant_id', 'say "project_id"'],
  ['os_auth.tenant_name', 'say "project_name"'],
  ['configuration.rebase', 'leave it out: a checkpoint is always based on the image'],
])

/** What to do about an unknown key, if the reference knew it. */
export function legacyAdvice(path: readonly PropertyKey[]): string {
  const advice = ADVICE.get(path.slice(-2).map(String).join('.'))
  return advice === undefined ? '' : `, which the Python reference has; ${advice}`
}
