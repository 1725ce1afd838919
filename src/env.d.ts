/// <reference types="svelte" />
/// <reference types="vite/client" />

/** Not in TypeScript's DOM library yet; absent in Firefox and Safari of some ages. */
interface TrustedTypePolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): unknown }
}

// eslint-disable-next-line no-var -- a global is declared with var
declare var trustedTypes: TrustedTypePolicyFactory | undefined

/** The byte-level reader as base64, compiled from `src/kernel`. */
declare module 'virtual:omega-kernel' {
  const base64: string
  export default base64
}

/** The same, compiled to JavaScript: starts one anew and answers its exports. */
declare module 'virtual:omega-kernel-script' {
  export default function begin(): unknown
}

/** Where the app is installed and opens files (Chromium). */
interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly files: readonly FileSystemFileHandle[] }) => void): void
}

// eslint-disable-next-line no-var -- a global is declared with var
declare var launchQueue: LaunchQueue | undefined
