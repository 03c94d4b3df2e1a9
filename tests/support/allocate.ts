// Allocates an environment with the hooks of each file that is named, in a process of its own, and prints what came of
// them as a list in JSON.
import { Environment, messageOf, SeeError } from '@see/core'
import { sandboxes, simulated } from './sandboxes.ts'

function codeOf(error: unknown): string | undefined {
  return error instanceof SeeError ? error.code : undefined
}

function failure(error: unknown): object {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return { code: codeOf(error), causeCode: codeOf(cause), message: messageOf(error) }
}

async function allocate(file: string): Promise<object> {
  try {
    const environment = await Environment.allocate(simulated(), file)
    await environment.deallocate()
    return sandboxes()
  } catch (error) {
    return { ...failure(error), ...sandboxes() }
  }
}

const results: object[] = []
for (const file of process.argv.slice(2)) results.push(await allocate(file))
process.stdout.write(JSON.stringify(results))
