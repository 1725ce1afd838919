import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

export default {
  preprocess: vitePreprocess({ script: false }),
  compilerOptions: {
    runes: true,
    // By the name of the file: the same wherever it is built.
    cssHash: ({ hash, filename }) => `s${hash(filename.replace(/^.*[\\/](?=src[\\/])/, '')).slice(0, 4)}`,
  },
}
