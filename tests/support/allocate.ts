// Allocates an environment with the hooks of a file, in a process of its own, and prints what came of it as JSON.
import { Environment, messageOf, SeeError } from '@see/core'
import { ableFactory, sandboxes } from './able-resources.ts'

function codeOf(error: unknown): string | undefined {
  return error instanceof SeeError ? error.code : undefined
}

function failure(error: unknown): object {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return { code: codeOf(error), causeCode: codeOf(cause), message: messageOf(error) }
}

let result: object
try {
  const environment = await Environment.allocate(ableFactory(), process.argv[2])
  await environment.deallocate()
  result = { allocated: true }
} catch (error) {
  result = failure(error)
}
process.stdout.write(JSON.stringify({ ...result, ...sandboxes() }))
