import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { viteSingleFile } from 'vite-plugin-singlefile'
import type { PluginOption } from 'vite'
import { pack } from './packing.ts'
import { workerScript } from './worker/build.ts'

const NAME = 'omega-exchange.html'
const ICON = /<link rel="icon" [^>]*>/

/**
 * The app as one page that is opened from disk, its sum beside it. `policyFor` takes what `script-src` and `style-src`
 * are to let through: nothing but what stands in the page.
 */
export function oneFile(policyFor: (scripts: string, styles: string) => string): PluginOption[] {
  return [
    workerScript('./omega.worker.ts?worker&url', (script) => `export default '${pack(script)}'`, true),
    viteSingleFile({ removeViteModuleLoader: true }),
    {
      name: 'one-file',
      enforce: 'post',
      transformIndexHtml: (html) =>
        html
          .replace(/^ *<link rel="apple-touch-icon"[^>]*>\n/m, '')
          .replace(ICON, `<link rel="icon" href="${toDataUrl('public/icon.svg', 'image/svg+xml')}" />`),
      generateBundle: {
        order: 'post',
        handler(_, bundle) {
          const { 'index.html': page, ...others } = bundle
          const left = Object.keys(others)
          if (page?.type !== 'asset' || left.length > 0) this.error(`not in one file: ${left.join(', ')}`)
          const source = withPolicy(String(page.source), policyFor)
          const sum = createHash('sha256').update(source).digest('hex')
          delete bundle['index.html']
          this.emitFile({ type: 'asset', fileName: NAME, source })
          this.emitFile({ type: 'asset', fileName: `${NAME}.sha256`, source: `${sum}  ${NAME}\n` })
        },
      },
    },
  ]
}

/** The page with a policy that names its one script and its one style by their hashes. */
function withPolicy(html: string, policyFor: (scripts: string, styles: string) => string): string {
  const policy = policyFor(hashOf('script', html), hashOf('style', html))
  const meta = `    <meta http-equiv="Content-Security-Policy" content="${policy}">\n`
  // First of all: it governs what stands after it.
  return html.replace('<head>\n', (head) => head + meta)
}

function hashOf(element: string, html: string): string {
  const found = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>([^]*?)</${element}>`, 'g'))]
  if (found.length !== 1) throw new Error(`${found.length} elements of ${element} in the page`)
  return `'sha256-${createHash('sha256').update(found[0]![1]!).digest('base64')}'`
}

function toDataUrl(path: string, type: string): string {
  return `data:${type};base64,${readFileSync(path).toString('base64')}`
}
