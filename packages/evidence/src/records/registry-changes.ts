import { z } from 'zod'

const size = z.number()

const key = {
  hive: z.string().describe('The file of the hive.'),
  key: z.string().describe('The path of the key in the registry.'),
}
const value = {
  ...key,
  value: z.string().describe('The name of the value; empty for the default value of its key.'),
}
const data = {
  type: z.string().describe('The type of the data.'),
  data: z.string().describe('Text, numbers, or bytes in hexadecimal, cut to 1024 characters.'),
  size: size.describe('The size of the data, in bytes.'),
}
const originalData = {
  original_type: z.string().describe('The type before.'),
  original_data: z.string().describe('The data before.'),
  original_size: size.describe('The size before.'),
}
const modifiedKey = z.object({
  ...key,
  changes: z.array(z.string()).describe('What is different: `mtime`, `security`, `class`, `link`.'),
  mtime: z.string().describe('When it was modified, in ISO 8601, by the clock of the guest.'),
  original_mtime: z.string().describe('When it had been modified before.'),
})

/** What changed in the registry of Windows. */
export const registryChangesSchema = z.object({
  created_keys: z.array(z.object(key)).describe('Keys that are new.'),
  modified_keys: z.array(modifiedKey).describe('Keys that are different.'),
  deleted_keys: z.array(z.object(key)).describe('Keys that are gone.'),
  created_values: z.array(z.object({ ...value, ...data })).describe('Values that are new.'),
  modified_values: z
    .array(z.object({ ...value, ...data, ...originalData }))
    .describe('Values that are different.'),
  deleted_values: z.array(z.object({ ...value, ...originalData })).describe('Values that are gone.'),
})
