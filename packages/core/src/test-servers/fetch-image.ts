// Fetches an image over HTTP in a process of its own: the arguments are its URL and its configuration as JSON.
import { messageOf, SeeError } from '../common/errors.ts'
import { HttpProvider } from '../images/http.ts'

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
  process.stdout.write(error instanceof SeeError ? `${error.code}: ${error.message}` : messageOf(error))
}
