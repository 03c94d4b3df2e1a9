import { hookTools, otherHookTools } from '@see/hooks/tools'
import type { Finding } from '@see/core'
import { installed, missing, ok } from '@see/core/findings'
import type { HookFindings } from './finding.ts'
import type { Host } from './host.ts'

const FUSE = '/dev/fuse'

/** What each stock hook runs on this host: whether it is there, and works where this user may not do everything. */
export async function findHooks(host: Host, signal: AbortSignal): Promise<HookFindings> {
  const tools = await Promise.all(
    Object.entries(hookTools).map(async ([name, { debianPackage, hooks }]): Promise<Tool> => {
      return { name, debianPackage, hooks, isThere: (await host.find(name)) !== undefined }
    }),
  )
  const canConfine = tools.some(({ name, isThere }) => name === 'bwrap' && isThere)
  const refusals: Refusals = {
    others: await othersMissing(host),
    confinement: canConfine ? await host.confinementProblem(signal) : undefined,
    fuse: !(await host.mayOpen(FUSE)),
  }
  const names = [...new Set(tools.flatMap(({ hooks }) => hooks))].toSorted()
  const packages = packagesOf(tools)
  return {
    install: packages.length === 0 ? null : installed(...packages),
    findings: names.map((hook) =>
      findHook(
        hook,
        tools.filter(({ hooks }) => hooks.includes(hook)),
        refusals,
      ),
    ),
  }
}

interface Tool {
  readonly name: string
  readonly debianPackage: string
  readonly hooks: readonly string[]
  readonly isThere: boolean
}

/** What keeps a hook from its work though the programs of Debian are there. */
interface Refusals {
  readonly others: readonly OtherTool[]
  readonly confinement: string | undefined
  readonly fuse: boolean
}

function findHook(hook: string, tools: readonly Tool[], refusals: Refusals): Finding {
  const absent = tools.filter(({ isThere }) => !isThere)
  if (absent.length > 0) {
    return missing(hook, `without ${namesOf(absent)}`, installed(...packagesOf(absent)))
  }
  const other = refusals.others.find(({ hooks }) => hooks.some((name) => name === hook))
  if (other !== undefined) return missing(hook, `without ${other.name}`, other.advice)
  if (tools.some(({ name }) => name === 'bwrap') && refusals.confinement !== undefined) {
    return missing(hook, refusals.confinement, 'run SEE where user namespaces are allowed, or as root')
  }
  if (hook === 'DiskStateAnalyser' && refusals.fuse) {
    return missing(hook, `this user cannot open ${FUSE}`, `modprobe fuse; chmod 666 ${FUSE}`)
  }
  return ok(hook, namesOf(tools))
}

interface OtherTool {
  readonly name: string
  readonly advice: string
  readonly hooks: readonly string[]
}

async function othersMissing(host: Host): Promise<OtherTool[]> {
  const found = await Promise.all(
    Object.entries(otherHookTools).map(async ([name, tool]) => {
      return (await host.find(name)) === undefined ? [{ name, ...tool }] : []
    }),
  )
  return found.flat()
}

function namesOf(tools: readonly Tool[]): string {
  return tools.map(({ name }) => name).join(', ')
}

function packagesOf(tools: readonly Tool[]): string[] {
  return [
    ...new Set(tools.filter(({ isThere }) => !isThere).map(({ debianPackage }) => debianPackage)),
  ].toSorted()
}
