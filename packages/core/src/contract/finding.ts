/** One thing that `see check` looked at on the host. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** What was found: a version, or what is wrong. */
  readonly detail: string
  /** The command or the advice that mends it; null when there is nothing to mend. */
  readonly mend: string | null
  /** Whether the provider cannot work without it. */
  readonly required: boolean
}

export function ok(name: string, detail: string): Finding {
  return { name, ok: true, detail, mend: null, required: true }
}

export function missing(name: string, detail: string, mend: string): Finding {
  return { name, ok: false, detail, mend, required: true }
}

/** How this user becomes a member of a group of the host. */
export function mayJoin({ userName }: { readonly userName: string }, group: string): string {
  return `join the group: as root, usermod -aG ${group} ${userName}; then log in again`
}

/** The command that installs Debian packages. */
export function installed(...debianPackages: readonly string[]): string {
  return `apt-get install --no-install-recommends ${debianPackages.join(' ')}`
}
