import { z } from 'zod'

/** A name that is a folder's name, and never one of those that the store keeps for itself. */
export const templateName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'a template is named by up to 63 letters, digits, ".", "_", "-"',
  )
