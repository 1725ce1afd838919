import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deflateAsync } from '@gfx/zopfli'
import { viteSingleFile } from 'vite-plugin-singlefile'
import type { PluginOption } from 'vite'
import { inside } from './package/inside.ts'
import { workerScript } from './worker/build.ts'

const NAME = 'omega-exchange.html'
const ICON = /<link rel="icon" [^>]*>/

/**
 * The app as one page that is opened from disk, its sum beside it. `policyFor` takes what `script-src` and `style-src`
 * are to let through: nothing but what stands in the page.
 */
export function oneFile(policyFor: (scripts: string, styles: string) => string): PluginOption[] {
  return [
    workerScript('./omega.worker.ts?worker&url', (script) => `export default ${JSON.stringify(script)}`, {
      minify: true,
      plugins: [inside(NAME)],
    }),
    viteSingleFile({ removeViteModuleLoader: true }),
    {
      name: 'one-file',
      enforce: 'post',
      transformIndexHtml: (html) =>
        html
          .replace(/^ *<link rel="apple-touch-icon"[^>]*>\n/m, '')
          // It says that another file is the one to open.
          .replace(/^ *<p class="served">[^]*?<\/p>\n/m, '')
          .replace(ICON, `<link rel="icon" href="${toDataUrl('public/icon.svg', 'image/svg+xml')}" />`),
      generateBundle: {
        order: 'post',
        async handler(_, bundle) {
          const { 'index.html': page, ...others } = bundle
          const left = Object.keys(others)
          if (page?.type !== 'asset' || left.length > 0) this.error(`not in one file: ${left.join(', ')}`)
          const source = withPolicy(await packScript(String(page.source)), policyFor)
          const sum = createHash('sha256').update(source).digest('hex')
          delete bundle['index.html']
          this.emitFile({ type: 'asset', fileName: NAME, source })
          this.emitFile({ type: 'asset', fileName: `${NAME}.sha256`, source: `${sum}  ${NAME}\n` })
        },
      },
    },
  ]
}

/** A page, and what of it the policy lets run. */
interface Page {
  readonly html: string
  readonly scripts: readonly string[]
}

/**
 * Unpacks the script of the app and runs it as a script of the page. The policy names that by its hash too, so that
 * nothing else can be run in its place.
 */
const UNPACK = `
  const bytes = Uint8Array.from(atob(document.getElementById('packed').textContent), (each) => each.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const policy = globalThis.trustedTypes?.createPolicy('omega-page', { createScript: (text) => text })
  new Response(stream).text().then((text) => {
    const script = document.createElement('script')
    script.type = 'module'
    script.textContent = policy?.createScript(text) ?? text
    document.head.append(script)
  })
`

/** The page with its one script packed: a third of the size. Raw deflate by WebAssembly: zlib's depends on the processor. */
async function packScript(html: string): Promise<Page> {
  const [whole, script] = theOne('script', html)
  const packed = Buffer.from(await deflateAsync(Buffer.from(script), {})).toString('base64')
  const scripts = `<script type="application/octet-stream" id="packed">${packed}</script>\n    <script>${UNPACK}</script>\n`
  return {
    html: html.replace(whole, '').replace(/ *<\/body>/, (end) => `    ${scripts}${end}`),
    scripts: [UNPACK, script],
  }
}

/** The page with a policy that names its scripts and its one style by their hashes. */
function withPolicy({ html, scripts }: Page, policyFor: (scripts: string, styles: string) => string): string {
  const policy = policyFor(scripts.map(hashOf).join(' '), hashOf(theOne('style', html)[1]))
  const meta = `    <meta http-equiv="Content-Security-Policy" content="${policy}">\n`
  // First of all: it governs what stands after it.
  return html.replace('<head>\n', (head) => head + meta)
}

/** The only such element there is: as it stands, and its text. */
function theOne(element: string, html: string): [string, string] {
  const found = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>([^]*?)</${element}>`, 'g'))]
  if (found.length !== 1) throw new Error(`${found.length} elements of ${element} in the page`)
  return [found[0]![0], found[0]![1]!]
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function toDataUrl(path: string, type: string): string {
  return `data:${type};base64,${readFileSync(path).toString('base64')}`
}
