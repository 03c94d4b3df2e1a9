import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeXml } from './escape-xml.ts'
import { parseXml, serializeXml } from './xml.ts'
import {
  appendElement,
  childElementsOf,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
  setAttributes,
  setText,
} from './xml-elements.ts'

function rootOf(text: string): Element {
  const root = parseXml(text).documentElement
  if (root === null) throw new Error('there is no root')
  return root
}

/** Characters that XML 1.0 allows: https://www.w3.org/TR/xml/#charsets */
const xmlText = fc
  .string({ unit: 'binary' })
  .map((text) => text.replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ''))
const awkward = fc.constantFrom('\r', '\r\n', '\n', '\t', ']]>', '<', '&', '"', "'", '\u0085', '\u2028', ' ')
const anyText = fc.array(fc.oneof(xmlText, awkward), { maxLength: 8 }).map((parts) => parts.join(''))

describe('what is written is what is read', () => {
  test('of any text and any attribute', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, value) => {
        const root = rootOf('<a/>')
        setText(root, text)
        setAttributes(root, { value })
        const read = rootOf(serializeXml(root))
        expect([read.textContent, read.getAttribute('value')]).toEqual([text, value])
      }),
    )
  })

  test('of text that is escaped by hand, in an attribute of either quotes and between elements', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeXml(text)
        const root = rootOf(`<a one="${escaped}" two='${escaped}'>${escaped}</a>`)
        expect([root.getAttribute('one'), root.getAttribute('two'), root.textContent]).toEqual([
          text,
          text,
          text,
        ])
      }),
    )
  })

  test.each([
    '<!-- <a> & --><a><!--\n--><b c="1"/></a>',
    '<a><![CDATA[1 < 2 & 3]]></a>',
    '<?pi 1?><a/>',
    '<a xmlns="urn:a" xmlns:b="urn:b"><b:c b:d="1"/></a>',
    '<!DOCTYPE a [<!ATTLIST a b CDATA "v">]><a/>',
    '<a>\u0085\u2028</a>',
  ])('as it stands: %j', (text) => {
    expect(serializeXml(parseXml(text))).toBe(text)
  })
})

test.each([
  ['two roots', '<a/><b/>'],
  ['text behind the root', '<a/>b'],
  ['text before the root', 'b<a/>'],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['an attribute without quotes', '<a b=1/>'],
  ['a prefix that stands for nothing', '<a><b:c/></a>'],
  ['an entity of HTML', '<a>&nbsp;</a>'],
  ['an entity of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['a file as an entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a c="&b;"/>'],
  ['names in another case', '<A></a>'],
  ['a comment in a comment', '<a><!-- <!-- --> --></a>'],
  ['no end', '<a>'],
])('refused: %s', (_what, text) => {
  expect(() => parseXml(text)).toThrow(/^malformed XML: /)
})

test('the line of a problem is named, and what the parser quotes is cut', () => {
  expect(() => parseXml('<a>\n<b>\n</a>')).toThrow('line 2: ')
  expect(() => parseXml(`<a>&${'x'.repeat(5000)};</a>`)).toThrow(/^.{0,520}$/s)
})

test.each([
  ['elements', (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)],
  [
    'elements with others before and behind',
    (depth: number) => `<b/>${'<a><b/>'.repeat(depth)}${'<b/></a>'.repeat(depth)}`,
  ],
])('too deep a nest of %s is refused, a wide one is not', (_what, nest) => {
  expect(() => parseXml(`<r>${nest(98)}</r>`)).not.toThrow()
  expect(() => parseXml(`<r>${nest(200)}</r>`)).toThrow('nested more than 100 deep')
  expect(() => parseXml(`<r>${'<a><b/></a>'.repeat(1000)}</r>`)).not.toThrow()
})

const numbers = (elements: readonly Element[]) => elements.map((each) => each.getAttribute('n'))

describe('children', () => {
  const root = rootOf(
    '<a xmlns:x="urn:x"><!-- <b n="0"/> --><x:b n="1"/>text<b n="2"/><![CDATA[<b n="3"/>]]><c><b n="4"/></c><b n="5"/></a>',
  )

  test('are elements, not comments, texts or what is deeper; those of a name are in no namespace', () => {
    expect(numbers(childElementsOf(root))).toEqual(['1', '2', null, '5'])
    expect(numbers(childrenOf(root, 'b'))).toEqual(['2', '5'])
    expect(childOf(root, 'b')?.getAttribute('n')).toBe('2')
    expect(childOf(root, 'd')).toBeUndefined()
  })

  test('of another namespace are asked for by it, whatever its prefix', () => {
    expect(numbers(childrenOf(root, 'b', 'urn:x'))).toEqual(['1'])
    expect(childOf(root, 'b', 'urn:y')).toBeUndefined()
  })

  test('are made where there are none, before all others', () => {
    const parent = rootOf('<a xmlns:x="urn:x">\n<x:b/><c/></a>')
    const made = ensureChild(parent, 'b')
    expect(ensureChild(parent, 'b')).toBe(made)
    expect(serializeXml(parent)).toBe('<a xmlns:x="urn:x"><b/>\n<x:b/><c/></a>')
    expect(childOf(rootOf(serializeXml(parent)), 'b')?.namespaceURI).toBeNull()
  })
})

test('an element gets the given attributes and no others; an appended one is the last', () => {
  const root = rootOf('<a one="1" x:two="2" xmlns:x="urn:x"><b/></a>')
  setAttributes(childOf(root, 'b') ?? root, { c: '"<&>\'' })
  appendElement(root, 'b', { d: '1' })
  expect(serializeXml(root)).toBe(
    '<a one="1" x:two="2" xmlns:x="urn:x"><b c="&quot;&lt;&amp;&gt;\'"/><b d="1"/></a>',
  )
  setAttributes(root, {})
  expect(serializeXml(root)).toBe('<a><b c="&quot;&lt;&amp;&gt;\'"/><b d="1"/></a>')
})

test('a text takes the place of all that was in an element', () => {
  const root = rootOf('<a>one<!-- two --><b/><![CDATA[three]]></a>')
  setText(root, '<four>')
  expect(serializeXml(root)).toBe('<a>&lt;four&gt;</a>')
  setText(root, '')
  expect(rootOf(serializeXml(root)).textContent).toBe('')
})
