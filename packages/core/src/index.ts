export { parseBoundedJson } from '@see/qemu'
export { z } from 'zod'
export { currentOwner, type Owner, withOrigin } from './actor.ts'
export type { Agent, ExecOptions, ExecResult, LateOutput, OutputStream, PingOptions } from './agent.ts'
export { Configuration } from './configuration.ts'
export { Context } from './context.ts'
export { type ContextFactory, type ContextFactoryOptions, contextFactory } from './context-factory.ts'
export { declareEvents } from './declared-events.ts'
export { Environment, type EnvironmentOptions } from './environment.ts'
export { errorCodes, messageOf, SeeError, type SeeErrorCode } from './errors.ts'
export {
  type AnyEvent,
  type Attributes,
  attributesOf,
  type EventMap,
  type EventName,
  type EventOf,
  SeeEvent,
} from './event.ts'
export {
  type EvidenceWarning,
  evidenceWarning,
  evidenceWarningCodes,
  type OwnWarningCode,
  type StockWarningCode,
} from './evidence-warning.ts'
export {
  type GuestEnd,
  type GuestEndReason,
  guestEndReasons,
  type GuestListener,
  isFailedEnd,
} from './guest-end.ts'
export { type ConfiguredEventName, eventNames } from './event-names.ts'
export type { EventObserver, EventRecord, HandlerFailure, HandlerRun } from './event-record.ts'
export { hookAliases, hookName } from './hook-aliases.ts'
export { Hook, type HookClass, type HookParameters } from './hook.ts'
export { hooksFile, type HooksConfiguration, type HooksSource } from './hooks-configuration.ts'
export type { Hooks } from './hooks-in-code.ts'
export type {
  ImageOptions,
  ImageProvider,
  ImageProviderClass,
  ImageProviderParameters,
} from './image-provider.ts'
export { createLogger, type LogDestination, type Logger } from './logger.ts'
export { makeFolder } from './make-folder.ts'
export { loadExport } from './module-loader.ts'
export { providerAliases } from './image-providers/aliases.ts'
export { DummyProvider } from './image-providers/dummy.ts'
export { indented, printable, printableJson, printableLine } from './printable.ts'
export { requireTool } from './required-tool.ts'
export { type HypervisorScheme, hypervisorScheme } from './resources/hypervisor-scheme.ts'
export { EmbeddedResources, embeddedFactory } from './resources/embedded/embedded.ts'
export type { DomainPart } from './resources/domain-parts/domain-part.ts'
export { domainParts, nameOfPart } from './resources/domain-parts/domain-parts.ts'
export { LxcResources, lxcFactory } from './resources/lxc.ts'
export { GlanceProvider } from './image-providers/glance.ts'
export { HttpProvider } from './image-providers/http.ts'
export { LibvirtPoolProvider } from './image-providers/libvirt-pool.ts'
export { S3Provider } from './image-providers/s3.ts'
export { blockNode, type ImageLayer } from './disks/block-node.ts'
export { type Qcow2References, qcow2References } from './disks/qcow2-references.ts'
export { QemuResources, qemuFactory } from './resources/qemu.ts'
export type { SinkholeListener, SinkholeRequest } from './resources/sinkhole/entry.ts'
export { VboxResources, vboxFactory } from './resources/vbox.ts'
export { hasKnownLoader, hostLibraries } from './samples/host-libraries.ts'
export { injectSample, type InjectOptions } from './samples/inject-sample.ts'
export {
  assertRunnable,
  type OpenedSample,
  loaderFor,
  openSample,
  type OpenOptions,
  runsOn,
  unsuitable,
} from './samples/open-sample.ts'
export { entryPath } from './samples/sample-entry.ts'
export { sampleBounds, sampleFiles } from './samples/sample-files.ts'
export { describeSample, recogniseSample, type SampleKind } from './samples/sample-kind.ts'
export { ReleaseStack } from './release-stack.ts'
export type {
  AgentChannel,
  AllocateOptions,
  AttachedDisk,
  CaptureOptions,
  CapturePoint,
  ConsoleStream,
  CoreDumpOptions,
  GuestDisk,
  OtherGuestDisk,
  GuestInterfaces,
  InterfaceAddresses,
  InterfacesListener,
  PacketCapture,
  RequestSource,
  Resources,
  ResourcesClass,
  ResourcesParameters,
  SandboxDomain,
  Screenshot,
  VncServer,
} from './resources.ts'
export { type AddressOptions, SeeContext, type ShutdownOptions } from './see-context.ts'
export type { Handler } from './subscription.ts'
export { type DomainState, type Transition, transitions } from './transitions.ts'
export { together } from './resources/together.ts'
export { until, type UntilOptions } from './until.ts'
export { WarmPool } from './warm-pool.ts'
export type { WarmPoolOptions } from './warm-pool-options.ts'
export type { Prepare } from './warm-sandbox.ts'
export { timeoutSignal } from '@see/libvirt'
export { childEnvironment } from '@see/qemu'
export { BuiltGuest } from './guests/built-guest.ts'
export type { GuestManifest } from './guests/guest-manifest.ts'
export { GuestStore } from './guests/guest-store.ts'
export { prepareAddress, type PrepareAddressOptions } from './prepare/prepare-address.ts'
export { prepareImage, type PrepareOptions } from './prepare/prepare-image.ts'
export type { PreparedGuest } from './prepare/prepared-guest.ts'
export { isSshAddress, parseSshAddress, type SshAddress } from './prepare/ssh-address.ts'
export { buildTemplate, type BuildTemplateOptions } from './templates/build-template.ts'
export type { TemplateManifest } from './templates/manifest.ts'
export { Template } from './templates/template.ts'
export { TemplateStore } from './templates/template-store.ts'
