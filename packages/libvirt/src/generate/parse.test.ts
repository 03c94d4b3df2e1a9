import { describe, expect, test } from 'vitest'
import { parse } from './parse.ts'

describe('parse', () => {
  test('constants, comments and lines for the C compiler', () => {
    const source = `/* a comment
      over lines */
%#include "internal.h"
const LIMIT = 0x10;
const OTHER = LIMIT;`
    expect(parse(source)).toEqual([
      { kind: 'const', name: 'LIMIT', value: '0x10' },
      { kind: 'const', name: 'OTHER', value: 'LIMIT' },
    ])
  })

  test('each shape of a declaration', () => {
    const [struct] = parse(`struct s {
      int a;
      unsigned hyper b; /* trailing */
      unsigned c;
      other *d;
      char e[32];
      opaque f<LIMIT>;
    };`)
    expect(struct).toEqual({
      kind: 'struct',
      name: 's',
      fields: [
        { type: 'int', name: 'a', shape: 'single', size: '' },
        { type: 'unsigned hyper', name: 'b', shape: 'single', size: '' },
        { type: 'unsigned int', name: 'c', shape: 'single', size: '' },
        { type: 'other', name: 'd', shape: 'optional', size: '' },
        { type: 'char', name: 'e', shape: 'fixed', size: '32' },
        { type: 'opaque', name: 'f', shape: 'variable', size: 'LIMIT' },
      ],
    })
  })

  test('a typedef', () => {
    expect(parse('typedef opaque uuid[16];')).toEqual([
      {
        kind: 'typedef',
        name: 'uuid',
        declaration: { type: 'opaque', name: 'uuid', shape: 'fixed', size: '16' },
      },
    ])
  })

  test('an enum, each member with the comment before it and no other', () => {
    const [definition] = parse('enum e { /* one */ A = 1, /* minus */ B = -1, C = 3 };')
    expect(definition).toEqual({
      kind: 'enum',
      name: 'e',
      members: [
        { name: 'A', value: '1', comment: '/* one */' },
        { name: 'B', value: '-1', comment: '/* minus */' },
        { name: 'C', value: '3', comment: '' },
      ],
    })
  })

  test('a union', () => {
    const [definition] = parse('union u switch (int type) { case ONE: int i; case TWO: text s; };')
    expect(definition).toEqual({
      kind: 'union',
      name: 'u',
      discriminant: 'int',
      arms: [
        { label: 'ONE', declaration: { type: 'int', name: 'i', shape: 'single', size: '' } },
        { label: 'TWO', declaration: { type: 'text', name: 's', shape: 'single', size: '' } },
      ],
    })
  })

  test('says the line of what it does not know', () => {
    expect(() => parse('const A = 1;\n\nprogram P {')).toThrow(
      "line 3: a definition cannot start with 'program'",
    )
    expect(() => parse('struct s {\n int a\n};')).toThrow("line 3: ';' expected, found '}'")
    expect(() => parse('struct s {')).toThrow('the file ends in the middle')
  })
})
