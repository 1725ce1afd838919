import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

/** The project's own way to run TypeScript under every Node it supports (as in .ci/run). */
const { module } = await runnerImport(fileURLToPath(new URL('./lighthouse.ts', import.meta.url)))
await module.main()
