import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

/**
 * Layers go one way: ui, tools → exchange → worker → store → core. Each may import itself and what is
 * below it; `main.ts` alone wires them together.
 */
const LAYERS = ['core', 'store', 'worker', 'exchange', 'ui']

const layerRules = LAYERS.map((layer, at) => ({
  files: [`src/${layer}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: [...LAYERS.slice(at + 1), 'cli', 'bridge', 'tools'].map((above) => `**/${above}/**`),
            message: `${layer} must not import from a layer above it.`,
          },
        ],
      },
    ],
  },
}))

export default ts.config(
  // The kernel is another language in the same letters; its compiler checks it.
  {
    ignores: [
      'dist/',
      'dist-single/',
      'package/',
      'public/',
      '.cache/',
      'test-results/',
      'src/kernel/*.ts',
      '!src/kernel/build.ts',
    ],
  },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // svelte-check knows the warnings; this rule takes each word of a reason for one.
      'svelte/no-unused-svelte-ignore': 'off',
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  ...layerRules,
  {
    files: ['src/{store,worker,exchange,tools,ui}/**'],
    ignores: ['src/worker/start.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name=/^(Shared)?Worker$/]',
          message:
            'The page alone starts workers (worker/start.ts): Firefox holds up one that makes its own.',
        },
      ],
    },
  },
  {
    files: ['src/{bridge,cli}/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                '**/ui/**',
                '**/exchange/**',
                '**/store/**',
                '**/worker/**',
                '**/{bridge,cli,tools}/**',
              ],
              message: 'What runs under Node has the core alone.',
            },
          ],
        },
      ],
    },
  },
)
