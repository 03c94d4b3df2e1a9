export { parseBoundedJson } from '@see/qemu/bounded-json'
export { z } from 'zod'
export { currentOwner, currentRun, withOrigin } from './events/actor.ts'
export type { Owner } from './events/owner.ts'
export type {
  Agent,
  ExecOptions,
  ExecResult,
  LateOutput,
  OutputStream,
  PingOptions,
} from './contract/agent.ts'
export { Configuration } from './configuration/configuration.ts'
export { Context } from './context/context.ts'
export { type ContextFactory, type ContextFactoryOptions, contextFactory } from './context/context-factory.ts'
export { declareEvents } from './events/declared-events.ts'
export { Environment } from './environment/environment.ts'
export type { EnvironmentOptions } from './environment/environment-options.ts'
export { type ErrorFacts, errorCodes, type ExitClass, type StockErrorCode } from './common/error-codes.ts'
export { declareError, errorFacts } from './common/declared-errors.ts'
export { type ErrorCodeMap, messageOf, SeeError, type SeeErrorCode } from './common/errors.ts'
export {
  type AnyEvent,
  type Attributes,
  attributesOf,
  type EventMap,
  type EventName,
  type EventOf,
  SeeEvent,
} from './events/event.ts'
export { defaultEvidenceBounds, type EvidenceBounds } from './contract/evidence-bounds.ts'
export {
  type EvidenceWarning,
  evidenceWarning,
  evidenceWarningCodes,
  type OwnWarningCode,
  type StockWarningCode,
} from './contract/evidence-warning.ts'
export {
  type GuestEnd,
  type GuestEndReason,
  type GuestRebootReason,
  guestEndReasons,
  type GuestListener,
  isFailedEnd,
} from './contract/guest-end.ts'
export { GuestEnds } from './contract/guest-ends.ts'
export {
  type LimitAction,
  limitActions,
  limitFacts,
  type LimitName,
  type LimitReached,
} from './contract/limit-reached.ts'
export { type ConfiguredEventName, eventNames } from './events/event-names.ts'
export type { EventObserver, EventRecord, HandlerFailure, HandlerRun } from './events/event-record.ts'
export { hookAliases, hookName } from './configuration/hook-aliases.ts'
export type { HookBounds } from './hooks/hook-bounds.ts'
export { Hook, type HookClass, type HookParameters } from './hooks/hook.ts'
export { hooksFile, type HooksConfiguration, type HooksSource } from './hooks/hooks-configuration.ts'
export type { Hooks } from './hooks/hooks-in-code.ts'
export type {
  ImageOptions,
  ImageProvider,
  ImageProviderClass,
  ImageProviderParameters,
} from './contract/image-provider.ts'
export { createLogger, type LogDestination, type Logger } from './common/logger.ts'
export { guestRoot } from './guests/guest-root.ts'
export { makeFolder } from './host/make-folder.ts'
export { loadExport } from './configuration/module-loader.ts'
export { providerAliases } from './images/aliases.ts'
export { DummyProvider } from './images/dummy.ts'
export { ownErrorFacts } from './common/own-error-facts.ts'
export { indented, printable, printableJson, printableLine } from './common/printable.ts'
export { requireTool } from './host/required-tool.ts'
export {
  defaultProvider,
  type HypervisorScheme,
  hypervisorScheme,
  providerOf,
  type RegisteredProvider,
  registeredProviders,
  registerProvider,
} from './providers/registry.ts'
export type { FreezableSandbox, Provider } from './contract/provider.ts'
export { type Abilities, type AbilitiesWith, abilities, type Ability } from './contract/abilities.ts'
export { abilityFacts } from './contract/ability-facts.ts'
export { requireAbility, type RequireAbilityOptions } from './contract/require-ability.ts'
export type { Finding } from './contract/finding.ts'
export type { InspectedHost, ProgramOptions, ProgramResult } from './contract/inspected-host.ts'
export { findProgram, type ProgramCheck } from './host/find-program.ts'
export { EmbeddedResources, embeddedFactory } from './providers/embedded/embedded.ts'
export { LxcResources, lxcFactory } from './providers/libvirt/lxc/lxc.ts'
export { GlanceProvider } from './images/glance.ts'
export { HttpProvider } from './images/http.ts'
export { LibvirtPoolProvider } from './images/libvirt-pool.ts'
export { S3Provider } from './images/s3.ts'
export { blockNode, type ImageLayer } from './contract/block-node.ts'
export { type Qcow2References, qcow2References } from './disks/qcow2-references.ts'
export { QemuResources, qemuFactory } from './providers/libvirt/qemu/qemu.ts'
export type { SinkholeListener, SinkholeRequest } from './contract/entry.ts'
export { VboxResources, vboxFactory } from './providers/libvirt/vbox/vbox.ts'
export { hostLibraries } from './samples/host-libraries.ts'
export { hasKnownLoader } from './samples/known-loader.ts'
export { copySample, type SampleCopy } from './samples/copy-sample.ts'
export { injectSample, type InjectOptions } from './samples/inject-sample.ts'
export { type OpenedSample, loaderFor, openSample, type OpenOptions } from './samples/open-sample.ts'
export { assertRunnable, runsOn, unsuitable } from './samples/runnable.ts'
export { entryPath } from './samples/sample-entry.ts'
export { sampleBounds, sampleFiles } from './samples/sample-files.ts'
export { describeSample, recogniseSample, type SampleKind } from './samples/sample-kind.ts'
export { type TemporaryFolder, temporaryFolder } from './ledger/temporary-folder.ts'
export { ReleaseStack } from './common/release-stack.ts'
export type { Journal, JournalEntry, Recorded } from './common/journal.ts'
export type { OwnerRecord } from './common/owner-record.ts'
export type {
  FoundEnvironment,
  LeftEntry,
  Leftovers,
  Undoer,
  UndoOptions,
} from './contract/left.ts'
export type { AgentAbility, AgentChannel } from './contract/agent-ability.ts'
export type { AttachAbility, AttachedDisk } from './contract/attach-ability.ts'
export type {
  CaptureAbility,
  CaptureOptions,
  CapturePoint,
  GuestInterfaces,
  InterfacesListener,
  InterfacesWatch,
  PacketCapture,
  RequestSource,
} from './contract/capture-ability.ts'
export type { ConsoleAbility, ConsoleStream } from './contract/console-ability.ts'
export type { DiskAbility, GuestDisk, OtherGuestDisk } from './contract/disk-ability.ts'
export type { EndsAbility } from './contract/ends-ability.ts'
export type { CoreDumpOptions, MemoryAbility } from './contract/memory-ability.ts'
export type {
  AllocateOptions,
  InterfaceAddresses,
  Resources,
  ResourcesClass,
  ResourcesParameters,
  SandboxDomain,
} from './contract/resources.ts'
export type { ScreenAbility, Screenshot } from './contract/screen-ability.ts'
export type { VncAbility, VncServer } from './contract/vnc-ability.ts'
export type { GuestClues } from './contract/guest-clues.ts'
export type {
  AllowedPlace,
  IsolationExpectation,
  IsolationPlan,
  IsolationTarget,
} from './contract/isolation.ts'
export type { ProbeTraffic } from './isolation/probe-traffic.ts'
export type { IsolationReceipt, ReceiptLine, Verdict } from './isolation/receipt.ts'
export type { Diagnosis } from './readiness/diagnosis.ts'
export { NotReadyError } from './readiness/not-ready-error.ts'
export type { Readiness, ReadyOptions, ReadySource, SettledScreen } from './readiness/ready-options.ts'
export { SeeContext } from './context/see-context.ts'
export type { ShutdownOptions, TransitionAttributes } from './context/shutdown-arguments.ts'
export type { WaitOptions } from './contract/wait-options.ts'
export type { AddressOptions } from './context/wait-for-address.ts'
export type { Handler } from './events/subscription.ts'
export { type DomainState, type Transition, transitions } from './contract/transitions.ts'
export { allOrCollect } from './common/all-or-collect.ts'
export { poll, type PollOptions } from './common/poll.ts'
export { WarmPool } from './environment/warm-pool.ts'
export type { WarmPoolOptions } from './environment/warm-pool-options.ts'
export type { Prepare } from './environment/warm-sandbox.ts'
export { timeoutSignal } from './common/timeout-signal.ts'
export { childEnvironment } from '@see/qemu/child-environment'
export { BuiltGuest } from './guests/built-guest.ts'
export type { GuestManifest } from './guests/guest-manifest.ts'
export { GuestStore } from './guests/guest-store.ts'
export { prepareAddress, type PrepareAddressOptions } from './prepare/prepare-address.ts'
export { prepareImage } from './prepare/prepare-image.ts'
export type { PrepareOptions } from './prepare/prepare-options.ts'
export type { PreparedGuest } from './prepare/prepared-guest.ts'
export { isSshAddress, parseSshAddress, type SshAddress } from './prepare/ssh-address.ts'
export { buildTemplate } from './freezing/build-template.ts'
export type { BuildTemplateOptions } from './freezing/build-template-options.ts'
export type { TemplateManifest } from './templates/manifest.ts'
export { Template } from './templates/template.ts'
export { TemplateStore } from './templates/template-store.ts'
