import { SeeError } from '../common/errors.ts'

/** @throws SeeError `CONFIGURATION_INVALID` for what is no http or https URL */
export function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) return url
  throw new SeeError('CONFIGURATION_INVALID', `the image's uri is no http or https URL: ${text}`)
}
