export type { FakeCall } from './fake-call.ts'
export { FakeDaemon } from './fake-daemon.ts'
export type { FakePeer } from './fake-peer.ts'
export { startPrivateLibvirtd, type PrivateLibvirtd } from './private-libvirtd.ts'
