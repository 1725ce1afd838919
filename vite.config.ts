import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { runnerImport, type Plugin, type UserConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'
import { kernel } from './src/kernel/build.ts'
import { oneFile } from './src/one-file.ts'
import { inside } from './src/package/inside.ts'
import { workerBundle } from './test/worker-bundle.ts'
import type { TestUserConfig } from 'vitest/config'

/**
 * Nothing but what belongs to the app, and no string ever becomes script or markup: `omega` makes worker
 * URLs, `svelte-trusted-html` is the compiler's own policy for its static templates.
 */
const policyOf = (own: readonly string[], policies = 'omega svelte-trusted-html') =>
  [
    "default-src 'none'",
    ...own,
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${policies}`,
  ].join('; ')

/** Of the app on a server: nothing but its own origin. */
const CSP = policyOf([
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
])

/** Of the one file: nothing but what stands in it, told by its hash. */
const policyOfOneFile = (script: string, style: string) =>
  policyOf(
    [`script-src ${script} 'wasm-unsafe-eval'`, `style-src ${style}`, 'img-src data:', 'worker-src blob:'],
    // `omega-page`: the app's script, unpacked.
    'omega omega-page svelte-trusted-html',
  )

function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: CSP },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/** The service worker is not the page's: what it keeps it fetches, from its own origin. */
const COPY_CSP = "default-src 'none'; script-src 'self'; connect-src 'self'"
const COPY = 'sw.js'

/** The names of these have the hash of what is in them: without a copy, too, they are asked for once. */
const ASSETS = '/assets/'
const FOR_GOOD = 'max-age=31536000, immutable'

/** What a server sends with the service worker and with the parts of the app; its headers for all else are `PREVIEW`'s. */
function fileHeaders(): Plugin {
  return {
    name: 'file-headers',
    configurePreviewServer({ middlewares }) {
      middlewares.use((request, answer, next) => {
        const { pathname } = new URL(request.url ?? '', 'http://localhost')
        const own = new Map<string, string>()
        if (pathname.endsWith(`/${COPY}`)) own.set('content-security-policy', COPY_CSP)
        if (pathname.startsWith(ASSETS)) own.set('cache-control', FOR_GOOD)
        const set = answer.setHeader.bind(answer)
        answer.setHeader = (name, value) => set(name, own.get(name.toLowerCase()) ?? value)
        next()
      })
    },
  }
}

const OPENED = {
  'application/json': ['.json'],
  'application/gzip': ['.gz'],
  'application/x-pem-file': ['.pem'],
}
const SHORTCUTS = {
  Memories: 'memories',
  Exchange: 'exchange',
  'Export memories': 'exchange/export',
  Peers: 'peers',
}

/** The app as it is installed, and the service worker that keeps it: everything but what only other programs read. */
const pwa = () =>
  VitePWA({
    strategies: 'injectManifest',
    srcDir: 'src',
    filename: 'sw.ts',
    injectRegister: false,
    includeManifestIcons: false,
    injectManifest: {
      globPatterns: ['**/*'],
      // The plugin adds its own manifest.
      globIgnores: ['conformance/**', 'screenshots/**', 'omega-*.mjs', '*.webmanifest', COPY],
      maximumFileSizeToCacheInBytes: 10 * 1024 * 1024,
      rollupFormat: 'iife',
      buildPlugins: { vite: [inside('app')] },
      minify: true,
      sourcemap: false,
    },
    manifest: {
      name: 'Omega Exchange',
      short_name: 'Omega',
      description:
        'Two sovereign instances trade signed subsets of their agent memories by file, with no hub.',
      lang: 'en',
      start_url: './',
      scope: './',
      display: 'standalone',
      theme_color: '#fbfaf6',
      background_color: '#fbfaf6',
      categories: ['productivity', 'security', 'utilities'],
      icons: [
        { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
        { src: 'icons/192.png', sizes: '192x192', type: 'image/png' },
        { src: 'icons/512.png', sizes: '512x512', type: 'image/png' },
        { src: 'icons/maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      ],
      screenshots: [
        {
          src: 'screenshots/wide.png',
          sizes: '1280x800',
          type: 'image/png',
          form_factor: 'wide',
          label: 'A manifest whose layers hold',
        },
        {
          src: 'screenshots/narrow.png',
          sizes: '360x720',
          type: 'image/png',
          form_factor: 'narrow',
          label: 'Memories',
        },
      ],
      shortcuts: Object.entries(SHORTCUTS).map(([name, place]) => ({ name, url: `./#/${place}` })),
      file_handlers: [{ action: './', accept: OPENED }],
      launch_handler: { client_mode: 'focus-existing' },
    },
  })

/**
 * Keys and memories belong to the origin, and so to the port: on another one the app would seem empty, and
 * Vite's usual port is shared with whatever else is previewed on the machine.
 */
const PREVIEW = {
  host: '127.0.0.1',
  port: 4817,
  strictPort: true,
  // What a meta tag cannot say.
  headers: {
    'Content-Security-Policy': `${CSP}; frame-ancestors 'none'`,
    'Permissions-Policy':
      'camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=()',
    'X-Content-Type-Options': 'nosniff',
  },
}

const app: UserConfig = {
  base: './',
  plugins: [svelte(), contentSecurityPolicy(), kernel(), inside('app'), pwa(), fileHeaders()],
  // What a worker is made of passes through plugins of its own.
  worker: { format: 'iife', plugins: () => [kernel(), inside('app')] },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // In one piece: what loads later then stands as it should at once.
    cssCodeSplit: false,
    // Timings of the build are no warning to whoever only starts the app.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
}

/** The app in one page, for machines where nothing can be served: `src/one-file.ts`. */
const single: UserConfig = {
  publicDir: false,
  plugins: [svelte(), kernel(), inside('omega-exchange.html'), oneFile(policyOfOneFile)],
  build: {
    target: 'es2023',
    outDir: 'dist-single',
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
}

/** The verifier under Node: one file, the same core, no `node_modules` beside it. */
const cli: UserConfig = {
  publicDir: false,
  plugins: [kernel(), inside('omega-verify.mjs')],
  build: {
    ssr: 'src/cli/omega-verify.ts',
    emptyOutDir: false,
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'omega-verify.mjs' } },
  },
  ssr: { noExternal: true },
}

/** MCP clients' way to an open tab: one file for Node. */
const bridge: UserConfig = {
  publicDir: false,
  plugins: [inside('omega-bridge.mjs')],
  build: {
    ssr: 'src/bridge/omega-bridge.ts',
    emptyOutDir: false,
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'omega-bridge.mjs', codeSplitting: false } },
  },
  ssr: { noExternal: true },
}

type InBrowser = typeof import('./test/assurance/in-browser.ts')
let inBrowser: Promise<{ readonly module: InBrowser }> | undefined

/** What tests in a browser have made under Node; loaded when it is first asked for. */
const commands = {
  expectationsOf: async (_: unknown, ...range: Parameters<InBrowser['expectationsOf']>) => {
    inBrowser ??= runnerImport<InBrowser>(
      fileURLToPath(new URL('./test/assurance/in-browser.ts', import.meta.url)),
    )
    return (await inBrowser).module.expectationsOf(...range)
  },
}

/**
 * `node` is for what is pure, `browser` for what needs a real IndexedDB, Worker, WebCrypto or DOM. Loaded
 * only for the tests, because looking for a browser may unpack one.
 */
async function tests(): Promise<TestUserConfig> {
  const { playwright } = await import('@vitest/browser-playwright')
  const { findBrowser } = await import('./test/browser.ts')
  const { launchOptions } = await findBrowser()
  return {
    testTimeout: 30_000,
    // All cores: nothing is watched meanwhile.
    maxWorkers: '100%',
    // In a browser nothing else tells a test that it runs under CI.
    env: { CI: process.env['CI'] ?? '', OMEGA_ASSURE: process.env['OMEGA_ASSURE'] ?? '' },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['core/**', 'cli/**', 'bridge/**', 'assurance', 'conformance', '.'].map(
            (folder) => `test/${folder}/*.test.ts`,
          ),
          exclude: process.env['OMEGA_ASSURE'] === '1' ? [] : ['test/**/*.long.test.ts'],
        },
      },
      {
        extends: true,
        plugins: [svelte(), kernel(), workerBundle()],
        // Vite does not look into workers for dependencies; one found late reloads the page under a running test.
        // It looks into none where one entry cannot be parsed: the kernel is no TypeScript.
        optimizeDeps: {
          entries: ['src/**/*.ts', '!src/{bridge,cli,kernel}/**'],
          include: ['@modelcontextprotocol/client'],
        },
        test: {
          name: 'browser',
          include: ['store', 'worker', 'exchange', 'tools', 'ui'].map(
            (layer) => `test/${layer}/**/*.test.ts`,
          ),
          browser: {
            enabled: true,
            provider: playwright({ launchOptions }),
            headless: true,
            commands,
            screenshotDirectory: 'test-results/vitest',
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  }
}

const FORMS: Readonly<Record<string, UserConfig>> = { bridge, cli, single }

export default defineConfig(async ({ mode }) => {
  if (mode === 'test') return { test: await tests() }
  return { ...(FORMS[mode] ?? app), preview: PREVIEW }
})
