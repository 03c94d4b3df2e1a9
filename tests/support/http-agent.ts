import type { SeeContext } from '@see/core'

/** The port of the agent in the guest. */
export const HTTP_AGENT_PORT = 8080

/**
 * Speaks as the Python reference's agent, for guests that are nothing but busybox. As that one does on Linux, it splits
 * the command at its spaces, and gives a shell the first word as its script and the others as parameters.
 */
const SCRIPT = String.raw`#!/bin/sh
field() { printf '%s' "$QUERY_STRING" | tr '&' '\n' | sed -n "s/^$1=//p"; }
answer() {
  text=$(printf '%s\n' "$2" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' -e 's/$/\\n/' | tr -d '\n')
  printf 'Content-type: application/json\r\n\r\n{"exit_code": %s, "command_output": "%s"}' "$1" "$text"
}
command=$(httpd -d "$(field command)")
if [ "$REQUEST_METHOD" = POST ]; then
  path=$(mktemp -d)/$(httpd -d "$(field sample)")
  head -c "$CONTENT_LENGTH" >"$path"
  command=$(printf '%s' "$command" | sed "s|{sample}|$path|g; s/{{/{/g; s/}}/}/g")
fi
set -f
IFS=' '
set -- $command
if [ "$(field async)" = 1 ]; then
  sh -c "$@" >/dev/null 2>&1 </dev/null &
  answer null 'Asynchronous call.'
else
  output=$(sh -c "$@" 2>&1 </dev/null)
  answer $? "$output"
fi
`

const SET_UP = `
mkdir -p /tmp/www/cgi-bin && mv /tmp/index.cgi /tmp/www/cgi-bin && chmod 755 /tmp/www/cgi-bin/index.cgi &&
httpd -p ${HTTP_AGENT_PORT} -h /tmp/www`

/** Makes a busybox guest one that was prepared for the reference. */
export async function startHttpAgent(context: SeeContext, timeoutMs: number): Promise<void> {
  await context.agent.waitUntilReady({ timeoutMs })
  await context.agent.writeFile('/tmp/index.cgi', SCRIPT)
  const { exitCode, stderr } = await context.agent.exec(['/bin/sh', '-c', SET_UP])
  if (exitCode !== 0) throw new Error(`the HTTP agent does not start: ${stderr.toString()}`)
}
