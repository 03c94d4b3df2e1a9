// Fetches an image over HTTP in a process of its own: the arguments are its URL and its configuration as JSON.
import { HttpProvider } from '../image-providers/http.ts'

const [name = '', configuration = ''] = process.argv.slice(2)
const provider = new HttpProvider({
  name,
  configuration: HttpProvider.schema.parse(JSON.parse(configuration)),
  folder: process.cwd(),
})
const { signal } = new AbortController()
try {
  process.stdout.write(await provider.image({ signal }))
} catch (error) {
  process.stdout.write(
    error instanceof Error && 'code' in error ? `${error.code}: ${error.message}` : `${error}`,
  )
}
