/** The parts of QEMU's monitor that freezing and cloning a guest need. */
export interface Monitor {
  execute(
    command: string,
    parameters?: Readonly<Record<string, unknown>>,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<unknown>
}

/** The memory is in a file that both have: what is moved is the devices' state alone. */
export async function ignoreSharedMemory(monitor: Monitor, signal: AbortSignal): Promise<void> {
  const capabilities = [{ capability: 'x-ignore-shared', state: true }]
  await monitor.execute('migrate-set-capabilities', { capabilities }, { signal })
}
