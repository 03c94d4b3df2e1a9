import { expect, test } from 'vitest'
import { emit } from './emit.ts'
import { parse } from './parse.ts'

// Every construct that the real files use, in the smallest file that has them all.
const FIXTURE = `
const REMOTE_STRING_MAX = 64;
const REMOTE_PROGRAM = 0x20008086;
const QEMU_PROGRAM = 0x20008087;
typedef string remote_nonnull_string<REMOTE_STRING_MAX>;
typedef remote_nonnull_string *remote_string;
typedef opaque remote_uuid[VIR_UUID_BUFLEN];
enum remote_kind { REMOTE_KIND_A = 0, REMOTE_KIND_B = 1 };
union remote_value switch (int type) { case VIR_TYPED_PARAM_INT: int i; case VIR_TYPED_PARAM_STRING: remote_nonnull_string s; };
struct remote_unused { int never; };
struct remote_open_args { remote_string name; remote_kind kinds<4>; char model[32]; remote_value value; };
struct remote_open_ret { remote_uuid uuid; opaque data<8>; unsigned hyper big; };
struct remote_show_args { remote_open_ret *last; };
struct remote_changed_msg { int callbackID; };
struct qemu_ask_ret { unsigned short answer; };
struct remote_error { int code; };
enum remote_procedure {
  /** @readstream: paramnumber is what a description says, not an annotation */
  REMOTE_PROC_OPEN = 1,
  /** @readstream: 2 */
  REMOTE_PROC_SHOW = 2,
  /** @acl: none */
  REMOTE_PROC_CLOSE = 3,
  REMOTE_PROC_CHANGED = 4,
  /** @writestream: 1 */
  REMOTE_PROC_PUT = 5
};
enum qemu_procedure { QEMU_PROC_ASK = 1 };
`

test('writes a codec for each type that is used, and the three tables', () => {
  expect(emit(parse(FIXTURE), ['remote_error'], '// header')).toBe(`// header
import * as x from './codec.ts'
import { call, event, stream } from './procedure.ts'

const nonnull_string = x.string(64)
const string = x.nullable(nonnull_string)
const kind = x.int
const value = x.union(x.arm(1, x.int), x.arm(7, nonnull_string))
const open_args = x.struct({ name: string, kinds: x.array(kind, 4), model: x.arrayFixed(x.char, 32), value: value })
const uuid = x.opaqueFixed(16)
const open_ret = x.struct({ uuid: uuid, data: x.opaque(8), big: x.uhyper })
const qemu_ask_ret = x.struct({ answer: x.ushort })
const show_args = x.struct({ last: x.nullable(open_ret) })
const changed_msg = x.struct({ callbackID: x.int })
const error = x.struct({ code: x.int })

export const calls = {
  OPEN: call(536903814, 1, open_args, open_ret),
  CLOSE: call(536903814, 3, x.nothing, x.nothing),
  QEMU_ASK: call(536903815, 1, x.nothing, qemu_ask_ret),
}

export const streams = {
  SHOW: stream('read', 536903814, 2, show_args, x.nothing),
  PUT: stream('write', 536903814, 5, x.nothing, x.nothing),
}

export const events = {
  CHANGED: event(536903814, 4, changed_msg),
}

export { error }
`)
})

test('refuses a type or a constant that is not defined', () => {
  const procedure = 'const REMOTE_PROGRAM = 1; enum remote_procedure { REMOTE_PROC_A = 1 };'
  expect(() => emit(parse(`struct remote_a_args { lost a; }; ${procedure}`), [], '')).toThrow(
    'type lost is not defined',
  )
  expect(() => emit(parse(`struct remote_a_args { int a[LOST]; }; ${procedure}`), [], '')).toThrow(
    'constant LOST',
  )
})
