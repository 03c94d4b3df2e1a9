// The guest agent of a machine: answers commands that come as lines of JSON.
import { createInterface } from 'node:readline'
import { HostAgent } from '@see/hooks/testing'

const agent = new HostAgent()

async function answer(line: string): Promise<void> {
  const { id, command } = JSON.parse(line)
  process.stdout.write(`${JSON.stringify({ id, reply: await agent.agentCommand(command) })}\n`)
}

createInterface({ input: process.stdin }).on('line', (line) => void answer(line))
