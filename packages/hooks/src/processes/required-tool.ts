import { requireTool } from '@see/core'
import { type HookToolName, hookTools } from './tools.ts'

/**
 * Finds a program that a stock hook runs.
 * @returns its path
 * @throws SeeError `TOOL_MISSING`
 */
export async function requireHookTool(name: HookToolName): Promise<string> {
  return await requireTool(name, hookTools[name].debianPackage)
}
