/** Texts that were not written by a twin, or by one under other parameters: what may be found under a key. */

import fc from 'fast-check'

const part = fc.oneof(
  fc.nat(20).map(String),
  fc.constantFrom('1800000000000', '9007199254740991', '9007199254740990', '60000'),
  fc.constantFrom('9007199254740992', '9007199254740993', '9'.repeat(400), '007', '00', '0', ''),
  fc.constantFrom(
    ' 3',
    '3 ',
    '-1',
    '+1',
    '1.5',
    '1.0',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    'null',
    'é',
    '\n',
    '\0',
  ),
)
const good = fc.oneof(fc.nat(20).map(String), fc.constantFrom('1800000000000', '9007199254740991', '60000'))

/** Lists of numbers, one of which may be none; and any text. */
export const foreignTexts: fc.Arbitrary<string> = fc.oneof(
  fc.array(good, { maxLength: 16 }).map(String),
  fc
    .tuple(fc.array(good, { maxLength: 8 }), part, fc.array(good, { maxLength: 8 }))
    .map(([before, one, after]) => [...before, one, ...after].join(',')),
  fc.array(good, { minLength: 1, maxLength: 5 }).map((list) => `${list.join(',')},`),
  fc.string({ maxLength: 12 }),
)
