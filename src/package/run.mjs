import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

/** The project's own way to run TypeScript under every Node it supports (as in .ci/run). */
const { module } = await runnerImport(fileURLToPath(new URL('./package.ts', import.meta.url)))
console.log(module.makePackage())
