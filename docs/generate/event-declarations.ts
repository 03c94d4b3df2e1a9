import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

interface EventAttribute {
  readonly name: string
  readonly optional: boolean
  readonly type: string
  readonly meaning: string
}

export interface EventDeclaration {
  readonly name: string
  /** Who fires it, and when. */
  readonly meaning: string
  /** Undefined when it may have any. */
  readonly attributes: readonly EventAttribute[] | undefined
}

/** The events that the sources in a folder declare: the members of every interface EventMap. */
export function eventsDeclaredIn(folder: string): EventDeclaration[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .toSorted()
    .flatMap((file) => eventsIn(readFileSync(join(folder, file), 'utf8')))
}

/** @throws Error when a comment is missing: of an event, who fires it and when; of an attribute, what it is */
export function eventsIn(text: string): EventDeclaration[] {
  const found: EventDeclaration[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'EventMap')
      found.push(...node.members.map(eventOf))
    else ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('events.ts', text, ts.ScriptTarget.ES2023, true))
  return found
}

function eventOf(member: ts.TypeElement): EventDeclaration {
  const name = member.name?.getText() ?? ''
  const meaning = commentOf(member)
  if (!/\bfired by\b/i.test(meaning)) {
    throw new Error(`the event ${name} has no comment that says by whom it is fired: "Fired by …"`)
  }
  const { type } = ts.isPropertySignature(member) ? member : {}
  const attributes =
    type !== undefined && ts.isTypeLiteralNode(type) ? type.members.map(attributeOf) : undefined
  return { name, meaning, attributes }
}

function attributeOf(member: ts.TypeElement): EventAttribute {
  const type = ts.isPropertySignature(member) ? (member.type?.getText() ?? '') : ''
  const name = member.name?.getText() ?? ''
  const meaning = commentOf(member)
  if (meaning === '') throw new Error(`the attribute ${name} of an event has no comment`)
  const optional = member.questionToken !== undefined
  return { name, optional, type: type.replace(/ \| undefined$/, ''), meaning }
}

function commentOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ')
}
