import { medianOf } from './measurement.ts'
import { countOf, type Point } from './rows.ts'

/** Time against size, both by powers of ten, as an SVG that is read on light and on dark ground. */

const SERIES = [
  { key: 'python', name: 'Python', light: '#9a5b00', dark: '#e0a24a' },
  { key: 'node', name: 'Node, one thread', light: '#4d7a1f', dark: '#9ccc65' },
  { key: 'sha256sum', name: 'sha256sum', light: '#5f6368', dark: '#b0b5bb' },
  { key: 'app', name: 'in the browser', light: '#0b57d0', dark: '#8ab4f8' },
  { key: 'commandLine', name: 'command line', light: '#8430ce', dark: '#c58af9' },
] as const

const [WIDTH, HEIGHT] = [760, 440]
const BOX = { left: 72, right: 590, top: 48, bottom: 384 }
const LEAST_APART = 16

export function plotTimes(points: readonly Point[]): string {
  const memories = points.map((point) => point.memories)
  const times = points.flatMap(({ timings }) => Object.values(timings).map(medianOf))
  const x = scaleOf(Math.min(...memories), Math.max(...memories), BOX.left, BOX.right)
  const [least, most] = [
    10 ** Math.floor(Math.log10(Math.min(...times))),
    10 ** Math.ceil(Math.log10(Math.max(...times))),
  ]
  const y = scaleOf(least, most, BOX.bottom, BOX.top)
  const powers = Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, at) => least * 10 ** at)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">`,
    '<title id="title">Time to verify a manifest against its number of memories</title>',
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="8"/>`,
    text(
      BOX.left,
      28,
      'Time to verify, by number of memories (850 bytes each); both axes by powers of ten',
      'start',
    ),
    ...powers.map(
      (ms) => line(BOX.left, y(ms), BOX.right, y(ms)) + text(BOX.left - 8, y(ms) + 4, nameOf(ms), 'end'),
    ),
    ...memories.map(
      (count) =>
        line(x(count), BOX.top, x(count), BOX.bottom) +
        text(x(count), BOX.bottom + 22, countOf(count), 'middle'),
    ),
    ...curves(points, x, y),
    text((BOX.left + BOX.right) / 2, HEIGHT - 12, 'memories', 'middle'),
    '</svg>',
    '',
  ].join('\n')
}

const STYLE = [
  'text{font:13px system-ui,sans-serif;fill:#202124}.ground{fill:#fff}.grid{stroke:#dadce0}',
  'polyline{fill:none;stroke-width:2.5}',
  ...SERIES.map(
    ({ key, light }) =>
      `.${key}{stroke:${light};fill:${light}}polyline.${key}{fill:none}text.${key}{stroke:none}`,
  ),
  '@media(prefers-color-scheme:dark){text{fill:#e8eaed}.ground{fill:#17191c}.grid{stroke:#3c4043}',
  ...SERIES.map(
    ({ key, dark }) =>
      `.${key}{stroke:${dark};fill:${dark}}polyline.${key}{fill:none}text.${key}{stroke:none}`,
  ),
  '}',
].join('')

function curves(points: readonly Point[], x: Scale, y: Scale): string[] {
  const drawn = SERIES.flatMap(({ key, name }) => {
    const places = points.flatMap(({ memories, timings }) => {
      const timing = timings[key]
      return timing === undefined ? [] : [{ x: x(memories), ms: medianOf(timing) }]
    })
    return places.length === 0 ? [] : [{ key, name, places, end: y(places.at(-1)!.ms) }]
  }).sort((a, b) => a.end - b.end)
  // Names stand at the ends of their lines, and not on each other.
  let above = -Infinity
  return drawn.map(({ key, name, places, end }) => {
    const at = (above = Math.max(end, above + LEAST_APART))
    const spots = places.map((place) => `${place.x.toFixed(1)},${y(place.ms).toFixed(1)}`)
    const dots = spots.map(
      (spot) => `<circle class="${key}" cx="${spot.split(',')[0]}" cy="${spot.split(',')[1]}" r="3"/>`,
    )
    const label = `${name}, ${nameOf(places.at(-1)!.ms)}`
    return `<polyline class="${key}" points="${spots.join(' ')}"/>${dots.join('')}${text(BOX.right + 10, at + 4, label, 'start', key)}`
  })
}

type Scale = (value: number) => number

function scaleOf(least: number, most: number, from: number, to: number): Scale {
  const span = Math.log10(most / least)
  return (value) => from + ((to - from) * Math.log10(value / least)) / span
}

function nameOf(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(2))} ms`
  return `${Number((ms / 1000).toPrecision(2))} s`
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1))
  return `<line class="grid" x1="${a}" y1="${b}" x2="${c}" y2="${d}"/>`
}

function text(x: number, y: number, words: string, anchor: string, name?: string): string {
  const mark = name === undefined ? '' : ` class="${name}"`
  return `<text${mark} x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`
}
