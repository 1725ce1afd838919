/** Runs in the page, before the app: reports what data must never do, by `__breach`. */
export function watchDocument(home: string): void {
  const tell = Reflect.get(globalThis, '__breach') as (what: string) => void

  addEventListener('securitypolicyviolation', (event) => {
    const { effectiveDirective, blockedURI, sourceFile, lineNumber } = event
    tell(`csp: ${effectiveDirective} blocked ${blockedURI} at ${sourceFile}:${lineNumber}`)
  })
  // The canary of the payloads.
  Object.defineProperty(globalThis, '__ran', {
    set: (value: unknown) => tell(`ran: ${String(value)}`),
    get: () => undefined,
  })
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'] as const) {
    const native = globalThis[name] as (...args: unknown[]) => unknown
    Reflect.set(globalThis, name, (...args: unknown[]) => {
      if (name !== 'print') tell(`called: ${name}(${args.join()})`)
      return Reflect.apply(native, globalThis, args)
    })
  }

  // Every element and attribute that could run, fetch or lead away has one of the app's own shapes, or none.
  const ELEMENTS =
    /^(?:i?frame|object|embed|base|meta|applet|fencedframe|math|img|image|picture|audio|video|source|track|marquee|template|noscript|animate\w*|set|use|foreignObject|script)$/i
  const HERE = new Set(['href', 'src'])
  const NEVER =
    /^(?:on.*|srcdoc|srcset|xlink:href|action|formaction|ping|poster|background|target|http-equiv|attributeName)$/
  const isOurs = (address: string) =>
    address.startsWith('#') || new URL(address, location.href).href.startsWith(home)
  const isStyle = (style: string) =>
    /^[-\w\s#:;.,%()!]*$/.test(style) && !/url|expression|binding/i.test(style)

  function look(element: Element): void {
    if (ELEMENTS.test(element.localName)) tell(`element: ${element.outerHTML.slice(0, 120)}`)
    for (const { name, value } of element.attributes) {
      const isRight = HERE.has(name) ? isOurs(value) : name === 'style' ? isStyle(value) : !NEVER.test(name)
      if (!isRight) tell(`attribute: ${element.localName} ${name}=${value.slice(0, 120)}`)
    }
  }
  addEventListener('DOMContentLoaded', () => {
    new MutationObserver((records) => {
      for (const { addedNodes, target } of records) {
        if (addedNodes.length === 0 && target instanceof Element) look(target)
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue
          look(node)
          node.querySelectorAll('*').forEach(look)
        }
      }
    }).observe(document, { subtree: true, childList: true, attributes: true })
  })
}
