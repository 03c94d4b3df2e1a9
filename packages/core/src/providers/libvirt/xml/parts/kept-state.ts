import { statSync } from 'node:fs'
import { childOf, childrenOf, type Element, setText } from '../../../../common/xml-elements.ts'
import { type DomainPart, has } from './domain-part.ts'

/** A file that is not known to be missing: libvirt may see more of the host. */
export function mayExist(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}

/** The file that `<nvram>` names; empty when it names none. */
export function variablesIn(nvram: Element): string {
  return (childOf(nvram, 'source')?.getAttribute('file') ?? nvram.textContent ?? '').trim()
}

/** Whether libvirt itself picks the firmware. */
export function isChosenByLibvirt(os: Element | undefined): boolean {
  return os?.hasAttribute('firmware') === true
}

/** libvirt copies a template to a path of its own. */
function copied(os: Element): void {
  const nvram = childOf(os, 'nvram')
  if (nvram === undefined) return
  const file = variablesIn(nvram)
  setText(nvram, '')
  nvram.removeAttribute('type')
  if (isChosenByLibvirt(os)) nvram.removeAttribute('template')
  else if (file !== '' && mayExist(file)) nvram.setAttribute('template', file)
}

function persistent(backend: Element): void {
  backend.setAttribute('persistent_state', 'yes')
  for (const each of childrenOf(backend, 'source')) backend.removeChild(each)
}

/** Firmware in flash memory that QEMU opens for writing. */
function isWritableFlash(loader: Element): boolean {
  if ((loader.textContent ?? '').trim() === '') return false
  return loader.getAttribute('type') === 'pflash' && loader.getAttribute('readonly') !== 'yes'
}

/** What a machine keeps while it is off, beside its disks. */
export const keptState: readonly DomainPart[] = [
  {
    path: ['os', 'loader'],
    which: 'of type `pflash` without `readonly="yes"`',
    fate: 'refused',
    words: `the guest writes to the host's file for good: add \`readonly="yes"\`, and \`<nvram>\` for its variables`,
    isMeant: isWritableFlash,
  },
  {
    path: ['os', 'nvram'],
    which: 'of type `block` or `network`',
    fate: 'refused',
    words: 'name a file with the variables, which is copied',
    isMeant: has('type', 'block', 'network'),
  },
  {
    path: ['os'],
    which: 'with `<nvram>`',
    fate: 'own',
    words:
      "a copy of the file that it names, or of `template` where there is no such file; it goes with the environment, as the variables of `<os firmware='efi'>` do",
    isMeant: (os) => childOf(os, 'nvram') !== undefined,
    makeOwn: copied,
  },
  {
    path: ['devices', 'tpm', 'backend'],
    which: 'other than `emulator`',
    fate: 'refused',
    words: "the TPM is the host's, or another program's: use `<backend type='emulator' version='2.0'/>`",
    isMeant: (backend) => backend.getAttribute('type') !== 'emulator',
  },
  {
    path: ['devices', 'tpm', 'backend'],
    which: 'of type `emulator`',
    fate: 'own',
    words:
      'its state lives as long as the environment, whether the guest is on or off; a template has no TPM',
    isMeant: has('type', 'emulator'),
    makeOwn: persistent,
  },
]
