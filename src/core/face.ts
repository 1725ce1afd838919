import { assert } from './errors.ts'
import { CHARGES, circle } from './face-charges.ts'

/** The box a face is drawn in, both ways. Four units to the pixel at the size faces are compared at, 160. */
export const FACE_BOX = 640

/** The dark tinctures: eight hues on two steps of lightness, each 3:1 or better on every one of `METALS`. */
export const INKS = [
  ['black', '#1a1b20'],
  ['navy', '#1b2f7d'],
  ['azure', '#1267ad'],
  ['teal', '#07524f'],
  ['green', '#2c7228'],
  ['purple', '#5b2590'],
  ['wine', '#79123a'],
  ['rust', '#ac410d'],
] as const

/** The light tinctures. */
export const METALS = [
  ['paper', '#f7f3e8'],
  ['gold', '#f2c744'],
  ['sky', '#b9dcf4'],
  ['rose', '#f8c8c2'],
] as const

/**
 * All `path`s are SVG path data of absolute commands and integers within `FACE_BOX`, to be filled by
 * even-odd. Fill `outline` with the metal, then `full` (or `small`, below 40 px) with the ink, clipped to it.
 */
export interface Face {
  readonly ink: number
  readonly metal: number
  readonly outline: string
  readonly full: string
  /** The same face without its legend and with a larger figure, as a typeface has an optical size. */
  readonly small: string
  /** What is seen, in words: `navy and gold shield, quarterly, anchor`. */
  readonly blazon: string
}

/** `reach`: how far from the centre the outline lets things be drawn. */
const OUTLINES: readonly { readonly name: string; readonly reach: number; readonly path: string }[] = [
  { name: 'disc', reach: 300, path: circle(320, 320, 312) },
  {
    name: 'square',
    reach: 276,
    path: 'M72 28L568 28C592 28 612 48 612 72L612 568C612 592 592 612 568 612L72 612C48 612 28 592 28 568L28 72C28 48 48 28 72 28Z',
  },
  { name: 'lozenge', reach: 222, path: 'M320 2L638 320L320 638L2 320Z' },
  { name: 'hexagon', reach: 266, path: 'M638 320L479 595L161 595L2 320L161 45L479 45Z' },
  {
    name: 'shield',
    reach: 246,
    path: 'M40 28L600 28L600 312C600 480 470 590 320 636C170 590 40 480 40 312Z',
  },
  {
    name: 'quatrefoil',
    reach: 232,
    path:
      'M158 158C126 66 216 4 320 4C424 4 514 66 482 158C574 126 636 216 636 320C636 424 574 514 482 482' +
      'C514 574 424 636 320 636C216 636 126 574 158 482C66 514 4 424 4 320C4 216 66 126 158 158Z',
  },
  {
    name: 'burst',
    reach: 236,
    path: 'M320 2L413 95L545 95L545 227L638 320L545 413L545 545L413 545L320 638L227 545L95 545L95 413L2 320L95 227L95 95L227 95Z',
  },
  { name: 'arch', reach: 250, path: 'M62 632L62 296C62 126 174 8 320 8C466 8 578 126 578 296L578 632Z' },
]

/** The part of the field that is ink; figure and legend are counterchanged over it. The last two have a round. */
const DIVISIONS: readonly (readonly [name: string, path: string])[] = [
  ['dark', 'M0 0L640 0L640 640L0 640Z'],
  ['light', ''],
  ['parted upright', 'M0 0L320 0L320 640L0 640Z'],
  ['parted across', 'M0 320L640 320L640 640L0 640Z'],
  ['parted slantwise', 'M0 0L640 640L0 640Z'],
  ['parted counter-slantwise', 'M640 0L640 640L0 640Z'],
  ['quarterly', 'M0 0L320 0L320 320L0 320ZM320 320L640 320L640 640L320 640Z'],
  ['with a dark foot', 'M0 404L640 404L640 640L0 640Z'],
  ['with a wedge', 'M96 0L544 0L320 640Z'],
  ['with a roof', 'M320 160L640 480L640 640L0 640L0 480Z'],
  ['with an upright band', 'M212 0L428 0L428 640L212 640Z'],
  ['with a band across', 'M0 212L640 212L640 428L0 428Z'],
  ['with a slanting band', 'M0 0L150 0L640 490L640 640L490 640L0 150Z'],
  ['with a dark top', 'M0 0L640 0L640 236L0 236Z'],
  ['bordered', 'M0 0L640 0L640 640L0 640Z'],
  ['with a dark round', ''],
]

const FIRST_WITH_ROUND = 14

/** The letters of the legend, tall along y, in a box of −100 to 100: each of another weight and outline. */
const LETTERS = [
  circle(0, 0, 58),
  'M-30 -100L30 -100L30 100L-30 100Z',
  'M-130 -34L130 -34L130 34L-130 34Z',
  'M0 -100L110 90L-110 90Z',
  'M-110 -90L110 -90L0 100Z',
  'M-100 -100L-44 -100L-44 100L-100 100ZM44 -100L100 -100L100 100L44 100Z',
  'M-26 -100L26 -100L26 -26L110 -26L110 26L26 26L26 100L-26 100L-26 26L-110 26L-110 -26L-26 -26Z',
  `${circle(-78, 0, 44)}${circle(78, 0, 44)}`,
]

/** Sixteenths of a turn. 4096 · sin, written out: engines need not agree on the last digit of `Math.sin`. */
const SINES = [
  0, 1567, 2896, 3784, 4096, 3784, 2896, 1567, 0, -1567, -2896, -3784, -4096, -3784, -2896, -1567,
]
const LEGEND = 16

/** Scales a path by `size`/100, moves it `out` units up from the centre, turns it by sixteenths of a turn. */
function place(path: string, size: number, out = 0, turn = 0): string {
  const sin = SINES[turn & 15]!
  const cos = SINES[(turn + 4) & 15]!
  return path.replace(/(-?\d+) (-?\d+)/g, (_, a: string, b: string) => {
    const x = Number(a) * size
    const y = Number(b) * size - out * 100
    return `${320 + Math.round((x * cos - y * sin) / 409600)} ${320 + Math.round((x * sin + y * cos) / 409600)}`
  })
}

/**
 * The picture of a key. It reads the 65 bits that follow the 88 of `fingerprintWords`, so that who grinds keys
 * for a likeness gains nothing in the one from the other. An aid to the eye: a glance takes in fewer than 65
 * bits, and trust is given to the whole fingerprint. Bits, counted from the first:
 *
 *     88–90    outline: disc, square, lozenge, hexagon, shield, quatrefoil, burst, arch
 *     91–94    division of the field: sixteen, as in heraldry
 *     95–99    figure: 32
 *     100–102  ink, 103–104 metal
 *     105–152  legend: sixteen letters, clockwise from the top, three bits each
 *
 * Shape comes first: without colour 4,096 pictures differ at 24 px. No octagon, triangle or dashed ring is an
 * outline, since those are the signs of a state. All sums are of integers far below 2^53, and the one division
 * is exact to the last bit by IEEE 754 before it is rounded: the same integers on every engine.
 */
export function drawFace(fingerprint: string): Face {
  assert(/^[0-9a-f]{64}$/.test(fingerprint), 'a fingerprint is 64 lower-case hex digits')
  const bits = BigInt(`0x${fingerprint}`)
  const take = (from: number, count: number) =>
    Number((bits >> BigInt(256 - from - count)) & ((1n << BigInt(count)) - 1n))

  const outline = OUTLINES[take(88, 3)]!
  const [division, field] = DIVISIONS[take(91, 4)]!
  const disc = take(91, 4) >= FIRST_WITH_ROUND ? circle(0, 0, 100) : ''
  const [name, charge] = CHARGES[take(95, 5)]!
  const ink = take(100, 3)
  const metal = take(103, 2)
  const { reach } = outline
  const sized = (path: string, percent: number) => place(path, Math.trunc((reach * percent) / 100))
  const legend = Array.from({ length: LEGEND }, (_, at) =>
    place(LETTERS[take(105 + 3 * at, 3)]!, Math.trunc(reach / 10), Math.trunc((reach * 87) / 100), at),
  )
  return {
    ink,
    metal,
    outline: outline.path,
    full: field + sized(disc, 75) + sized(charge, 56) + legend.join(''),
    small: field + sized(disc, 98) + sized(charge, 76),
    blazon: `${INKS[ink]![0]} and ${METALS[metal]![0]} ${outline.name}, ${division}, ${name}`,
  }
}
