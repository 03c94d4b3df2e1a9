declare module '@see/core' {
  interface EventMap {
    /** Asks CommandsHook to run a command in the guest's shell. Fired by protocols. */
    run_command: {
      /** Run by `/bin/sh -c` or `cmd.exe /c`. */
      readonly command: string
      /** The event does not wait for the command to end. */
      readonly async_flag?: boolean | undefined
    }
    /** Asks CommandsHook to bring a file or folder of this host into the guest and run it. Fired by protocols. */
    run_sample: {
      /** Its path on this host. */
      readonly sample: string
      /** The file of a folder that is the sample, by its path in it. */
      readonly entry?: string | undefined
      /** The SHA-256 that the sample, or its entry, must have, in hexadecimal: another file is not run. */
      readonly sha256?: string | undefined
      /** `{sample}` in it becomes the quoted path in the guest; without a command the sample itself is run. */
      readonly command?: string | undefined
      /** What the sample is started with, where there is no command. */
      readonly arguments?: readonly string[] | undefined
      /** The event does not wait for the sample to end. */
      readonly async_flag?: boolean | undefined
    }
    /** Fired by CommandsHook when a command has ended. */
    command_finished: {
      /** What was run. */
      readonly command: string
      /** Null when a signal ended it. */
      readonly exit_code: number | null
      /** The number of the signal that ended it. */
      readonly signal: number | null
      /** The record's JSON file on this host. */
      readonly path: string
      /** The sample's path on this host. */
      readonly sample?: string
    }
  }
}

/** The events that CommandsHook hears, and the one it fires. */
export type CommandEvent = 'run_command' | 'run_sample' | 'command_finished'
