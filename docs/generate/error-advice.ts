import type { SeeErrorCode } from '@see/core'

/** What to do about each error. The message says more: which file, which path, how long. */
export const errorAdvice: Readonly<Record<SeeErrorCode, string>> = {
  ADDRESS_TIMEOUT:
    'See on the screen or console whether the guest boots and asks for an address by DHCP; raise the timeout (`--timeout`).',
  AGENT_CHANNEL: 'Power the guest off and on. If it happens again, the sample has taken the agent over.',
  AGENT_COMMAND_DISABLED:
    'Take the command off the block list of the guest’s agent (`/etc/sysconfig/qemu-ga` on Fedora and RHEL, else `/etc/qemu/qemu-ga.conf`) and restart it, or install a newer agent in the guest.',
  AGENT_COMMAND_FAILED:
    'The message has what the agent said: a path that is not there, a program that cannot be executed.',
  AGENT_UNAVAILABLE:
    'Add `<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>` to the domain’s XML, and install qemu-guest-agent in the guest.',
  AGENT_UNRESPONSIVE: 'Let the guest run its agent at boot; raise `agent_timeout`.',
  CHECKPOINT_FAILED: 'Make room in the results folder; the message has what libvirt or QEMU said.',
  CONFIGURATION_INVALID:
    'Correct what stands at the place that the message names; see [configuration.md](configuration.md).',
  CONFINEMENT_FAILED:
    'Linux 5.14 or newer and user namespaces are needed; in a container of your own, they must be allowed in it.',
  CONTEXT_CLOSED:
    'Do not use a context after `deallocate`; let what waits in a hook wait on `context.signal`.',
  DISK_FULL: 'Make room, or say in `path` where there is some.',
  DOMAIN_XML_INVALID: 'Correct the XML as the message says; `virt-xml-validate` tells of most mistakes.',
  EVENT_LIMIT:
    'The message names the handler: let it fire its own event no more, or only once, and wait for what it fires.',
  EVENT_RESERVED_ATTRIBUTE: 'Give the attribute a name other than `name`, `origin` and `timestamp`.',
  EVIDENCE_UNSUPPORTED: 'Write the evidence in another format: memory uncompressed, say.',
  FILE_UNREADABLE: 'Correct the path, or let yourself read the file.',
  FILE_UNTRUSTED:
    'Let the file, and each folder above it, be yours or root’s, and writable by nobody else; or set `SEE_UNTRUSTED_FILES=warn`.',
  GUEST_EXEC_TIMEOUT: 'Raise `timeout`, or run the command in the background with `async_flag`.',
  GUEST_IN_USE: 'Wait until its sandboxes have ended, or remove the template that the message names.',
  GUEST_MISSING:
    'Correct the name, or build it: `npx see guest build --packages PACKAGES --name NAME`; `npx see guest ls` has all.',
  GUEST_NOT_PAUSED: 'Choose an event at which the guest is paused: `post_pause`, or `snapshots_capture`.',
  GUEST_OUTPUT_LIMIT: 'Raise the limit, or take it as a sign that the guest floods.',
  GUEST_STOPPED: 'Look at the screen, the console and the timeline for why the guest stopped.',
  GUEST_UNPREPARED:
    'The message has what the guest lacks, or what ssh says: docs/guests.md says how to install it, and how to let SEE in.',
  HANDLERS_TIMEOUT: 'Let the handlers wait on `context.signal`, and end when it aborts.',
  HOOK_CLEANUP: 'The message has what the hook threw. Everything else was cleaned up all the same.',
  HOOK_LOAD:
    'Correct the `name` of the hook: the module’s path is relative to the file, the export stands behind `#`.',
  HOOK_SETUP:
    'The message has what the hook threw, and where its entry stands; or say `"optional": true` there.',
  HOOK_ORDER: 'Correct the hook’s events, so that what it needs is there when they are fired.',
  HYPERVISOR_FAILED:
    'Its words say why: correct `machine`, raise `limits`, or let the sandbox’s user read the image.',
  HYPERVISOR_UNREACHABLE: 'Run `npx see check`; start libvirtd, or correct `hypervisor`.',
  IDENTIFIER_INVALID: 'Give a UUID as the identifier, or none.',
  IDENTIFIER_TAKEN: 'Give another identifier, or none, or end the environment that has it.',
  IMAGE_CHECKSUM: 'Correct the checksum, if the image was meant to change; else do not trust the server.',
  IMAGE_INVALID: 'Correct the path, name the image’s `format`, or convert it with `qemu-img convert`.',
  IMAGE_REFUSED:
    'Do not trust the image, unless you know why it names another file: then put that beside it, or its folder into `disk.backing_folders`, readable by QEMU’s user; or make one image of both (`qemu-img convert`).',
  IMAGE_UNAVAILABLE:
    'The message has what the server said: a name, an address, credentials or certificates are wrong.',
  MEMORY_SNAPSHOT_FAILED: 'Make room for the guest’s whole memory; raise `timeout`.',
  NETWORK_EXHAUSTED: 'Widen `dynamic_address`, or run fewer environments at a time.',
  NETWORK_INVALID: 'Remove one of the two keys that contradict each other, or correct the network’s XML.',
  POOL_CLOSED: 'Close a pool only when nobody allocates from it any more.',
  POOL_TIMEOUT: 'Raise `fillTimeoutMs`, or see what `prepare` waits for.',
  PROCESS_EXIT: 'Let the hook or protocol throw an error instead: the run ends, is cleaned up and reported.',
  RELEASE_TIMEOUT: 'Something of the sandbox may be left: look with `virsh list --all` for the identifier.',
  RESULTS_LOST: 'Make room, and let nobody remove the results folder of a run that goes on.',
  RESULTS_UNWRITABLE: 'Name another folder (`--results`, `results_folder`), make room, or make it writable.',
  SAMPLE_INJECTION: 'The guest needs a shell, `head` and a writable /tmp, or a smaller sample.',
  SAMPLE_UNSUITABLE:
    'The message says what the sample is: choose a guest that opens it and say how by `--command`, or name the file of a folder or an archive with `--entry`.',
  SHUTDOWN_TIMEOUT:
    'Raise the timeout (`--shutdown-timeout`), let the guest heed the power button, or power it off.',
  STORAGE_FAILED:
    'Make room in the storage pool’s folder, and let libvirt’s user enter the folders above it.',
  TEMPLATE_BUILD:
    'The message has the reason. Nothing of it is left, and a template that was there before still is.',
  TEMPLATE_IDENTITY:
    'Let the guest have a see-identity (`npx see guest prepare`), or say `"identity": false`.',
  TEMPLATE_IN_USE: 'Wait until the sandboxes of the template have ended.',
  TEMPLATE_INVALID: 'Build it anew: `npx see template build RESOURCES.json NAME`.',
  TEMPLATE_MISSING:
    'Correct the name, or build it: `npx see template build RESOURCES.json NAME`; `npx see template ls` has all.',
  TOOL_FAILED: 'The message has what the tool said last, or which bound it exceeded: raise that key.',
  TOOL_MISSING: 'Install the package that the message names.',
  TRANSITION_FORBIDDEN: 'Look at `context.state()` first; the message says what is allowed.',
  UNCAUGHT_ERROR:
    'Await every promise that a hook makes, and catch what a timer or a listener of its may throw.',
}
