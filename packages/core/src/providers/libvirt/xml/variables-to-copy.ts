import { parseXml } from '../../../common/xml.ts'
import { childOf } from '../../../common/xml-elements.ts'
import { isChosenByLibvirt, mayExist, variablesIn } from './parts/kept-state.ts'

/**
 * The file with a firmware's variables that the environment itself has to copy: where libvirt is to choose the firmware, it
 * takes no template.
 */
export function variablesToCopy(xml: string): string | undefined {
  const domain = parseXml(xml).documentElement
  const os = domain === null ? undefined : childOf(domain, 'os')
  const nvram = os === undefined ? undefined : childOf(os, 'nvram')
  if (nvram === undefined || !isChosenByLibvirt(os)) return undefined
  const file = variablesIn(nvram)
  return file !== '' && mayExist(file) ? file : undefined
}
