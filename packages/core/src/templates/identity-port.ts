/** The name of the port at which a guest waits to be told who it is; guest/README.md has the contract. */
export const IDENTITY_PORT = 'org.see.identity.0'
