/** The name of the port at which a guest waits for its identity; guest/README.md has the contract. */
export const IDENTITY_PORT = 'org.see.identity.0'
