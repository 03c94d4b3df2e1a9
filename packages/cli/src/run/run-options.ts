import type { GuestFile } from '@see/core/guest-files'

/** What the user asked `see run` for, checked as far as it can be without looking at files. */
export interface RunOptions {
  /** Path of the resources' JSON file; the tiny guest's own when not given. */
  readonly resources?: string | undefined
  /** Name of a guest that was built with packages, instead of the tiny guest. */
  readonly guest?: string | undefined
  /** What that guest or the tiny guest runs on when no resources are given. */
  readonly provider: GuestFile
  /** A file, an archive, a folder, or `-` for standard input. */
  readonly sample?: string | undefined
  /** What the sample is started with. */
  readonly words?: readonly string[]
  /** The file of a folder or an archive that is the sample; `.` for all of it. */
  readonly entry?: string | undefined
  /** Whether an archive is unpacked on this host; it is when not given. */
  readonly unpack?: boolean
  /** Of an archive. */
  readonly password?: string
  /** Path of the hooks' JSON file. */
  readonly hooks?: string | undefined
  readonly command?: string | undefined
  /** `module#Export` of a protocol. */
  readonly protocol?: string | undefined
  readonly runtimeMs: number
  readonly timeoutMs: number
  readonly shutdownTimeoutMs: number
  /** The folder in which the run gets a folder of its own. */
  readonly results: string
  /** The mode of its files; who may read them may enter their folders. */
  readonly resultsMode: number
  readonly json: boolean
}
