/** What came of a program: its code is null when it was killed or could not be started. */
export interface ProgramResult {
  readonly exitCode: number | null
  readonly stdout: string
  /** What it wrote to standard error, or why it could not be started. */
  readonly stderr: string
}

export interface ProgramOptions {
  /** After which it is killed, in milliseconds. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** It is killed once its standard output matches. */
  readonly until?: RegExp
}

/** The host, as `see check` sees it. */
export interface InspectedHost {
  readonly nodeVersion: string
  /** Node's name of the processor's architecture. */
  readonly architecture: string
  readonly userIsRoot: boolean
  readonly userName: string
  run(program: string, argv: readonly string[], options: ProgramOptions): Promise<ProgramResult>
  /** Opens a hypervisor through libvirt and returns libvirt's version. */
  libvirtVersion(uri: string, options: { readonly signal: AbortSignal }): Promise<string>
  /** The folder of the newest tiny guest that was built. */
  guestFolder(): Promise<string | undefined>
  exists(path: string): Promise<boolean>
  /** Whether this user may read and write it. */
  mayOpen(path: string): Promise<boolean>
  /** The path of a program, where it is installed. */
  find(program: string): Promise<string | undefined>
}
