/** The URL of the worker in one script: `worker-bundle.ts`. */
declare module 'virtual:omega-worker' {
  const url: string
  export default url
}
