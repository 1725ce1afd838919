import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { runnerImport, type Plugin, type UserConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import { kernel } from './src/kernel/build.ts'
import { workerBundle } from './test/worker-bundle.ts'
import type { TestUserConfig } from 'vitest/config'

/**
 * Nothing but the app's own origin, and no string ever becomes script or markup: `omega` makes worker
 * URLs, `svelte-trusted-html` is the compiler's own policy for its static templates.
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "worker-src 'self' blob:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types omega svelte-trusted-html',
].join('; ')

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

/**
 * Keys and memories belong to the origin, and so to the port: on another one the app would seem empty, and
 * Vite's usual port is shared with whatever else is previewed on the machine.
 */
const PREVIEW = {
  host: '127.0.0.1',
  port: 4817,
  strictPort: true,
  // What a meta tag cannot say.
  headers: { 'Content-Security-Policy': `${CSP}; frame-ancestors 'none'` },
}

const app: UserConfig = {
  base: './',
  plugins: [svelte(), contentSecurityPolicy(), kernel()],
  // What a worker is made of passes through plugins of its own.
  worker: { format: 'iife', plugins: () => [kernel()] },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // Timings of the build are no warning to whoever only starts the app.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
}

/** The verifier under Node: one file, the same core, no `node_modules` beside it. */
const cli: UserConfig = {
  publicDir: false,
  plugins: [kernel()],
  build: {
    ssr: 'src/cli/omega-verify.ts',
    emptyOutDir: false,
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'omega-verify.mjs' } },
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
    // In a browser nothing else tells a test that it runs under CI.
    env: { CI: process.env['CI'] ?? '', OMEGA_ASSURE: process.env['OMEGA_ASSURE'] ?? '' },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['core/**', 'cli/**', 'assurance', 'conformance', '.'].map(
            (folder) => `test/${folder}/*.test.ts`,
          ),
        },
      },
      {
        extends: true,
        plugins: [svelte(), kernel(), workerBundle()],
        // Vite does not look into workers for dependencies; one found late reloads the page under a running test.
        // It looks into none where one entry cannot be parsed: the kernel is no TypeScript.
        optimizeDeps: { entries: ['src/**/*.ts', '!src/{cli,kernel}/**'] },
        test: {
          name: 'browser',
          include: ['store', 'worker', 'exchange', 'ui'].map((layer) => `test/${layer}/**/*.test.ts`),
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

export default defineConfig(async ({ mode }) => {
  if (mode === 'test') return { test: await tests() }
  return { ...(mode === 'cli' ? cli : app), preview: PREVIEW }
})
