import { SeeError, type SeeErrorCode } from '../common/errors.ts'

/** An error of a template: which, why, and what helps. */
export function templateError(
  code: Extract<SeeErrorCode, `TEMPLATE_${string}`>,
  name: string,
  why: string,
  cause?: unknown,
): SeeError {
  const advice =
    code === 'TEMPLATE_INVALID' ? `; rebuild it: npx see template build RESOURCES.json ${name}` : ''
  return new SeeError(code, `template ${JSON.stringify(name)}: ${why}${advice}`, { cause })
}
