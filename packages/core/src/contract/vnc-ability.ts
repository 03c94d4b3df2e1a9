/** Where a guest's VNC server listens on this host. */
export interface VncServer {
  readonly host: string
  /** The TCP port; undefined while the guest is off. */
  readonly port: number | undefined
}

/** Lets people look at the guest's screen, and use it. */
export interface VncAbility {
  /** Undefined when this sandbox's configuration gives the guest no VNC server. */
  server(): Promise<VncServer | undefined>
}
