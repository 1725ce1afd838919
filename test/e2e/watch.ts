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
    /^[-+\w\s#:;.,%()!]*$/.test(style) && !/url|expression|binding/i.test(style)

  /** A camera’s picture comes by no address, and with it nothing that could. */
  const isCamera = (element: Element) =>
    element.localName === 'video' && !element.hasAttribute('src') && element.childElementCount === 0

  function look(element: Element): void {
    if (ELEMENTS.test(element.localName) && !isCamera(element))
      tell(`element: ${element.outerHTML.slice(0, 120)}`)
    for (const { name, value } of element.attributes) {
      const isRight = HERE.has(name) ? isOurs(value) : name === 'style' ? isStyle(value) : !NEVER.test(name)
      if (!isRight) tell(`attribute: ${element.localName} ${name}=${value.slice(0, 120)}`)
    }
  }
  /**
   * What no place shows as it is: overrides of direction, and what has no look of its own. A rule of the watch's own,
   * simpler than the app's: joiners of emoji, the three flags and the isolates around a name are taken out first.
   */
  const UNSEEN =
    // eslint-disable-next-line no-control-regex, no-misleading-character-class -- each stands for itself
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u034f\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffc\u{1bca0}-\u{1bca3}\u{1d159}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|[\ufe00-\ufe0e]|(?<![\p{Extended_Pictographic}#*\d])\ufe0f/u
  const UNSEEN_IN_NAME = /[\u00ad\u00a0\u3000]/
  /** No place piles up more marks than this on one letter, nor begins a name with one. */
  const STACK = /[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{4}/
  const EMOJI =
    /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=\u{1f3f4})[\u{e0061}-\u{e007a}]{5}\u{e007f}/gu
  const DIRECTION_MARK = /[\u061c\u200e\u200f]/
  const ISOLATED = /\u2068([^\u2066-\u2069]*)\u2069/g
  const FROM_THE_RIGHT = /[\p{Script=Hebrew}\p{Script=Arabic}]/u

  function examine(where: Element, what: string, text: string, isName: boolean): void {
    const named = isName ? text.replaceAll(ISOLATED, '$1') : text
    // In a line of Hebrew or Arabic a mark of direction may stand, if it is no name.
    const isMarked =
      !isName && DIRECTION_MARK.test(text) && FROM_THE_RIGHT.test(where.closest('[dir]')?.textContent ?? '')
    const seen = named.replaceAll(EMOJI, '').replaceAll(isMarked ? /[\u061c\u200e\u200f]/g : /(?!)/g, '')
    const fault = UNSEEN.test(seen) || STACK.test(seen) || (isName && UNSEEN_IN_NAME.test(seen))
    const planted = where.closest('[data-planted]')?.getAttribute('data-planted') ?? ''
    const place = `${what} of ${where.closest('[class]')?.className ?? where.localName} ${planted}`
    if (fault) tell(`unseen: ${place}: ${escape(text.slice(0, 60))}`)
    // What runs from the right turns round what stands beside it, unless an element or an isolate holds it.
    const isHeld = what !== 'text' || where.closest('bdi, [dir], option, title') !== null
    const isOpen =
      isName && what !== 'text' && what !== 'offer'
        ? FROM_THE_RIGHT.test(text.replaceAll(ISOLATED, ''))
        : !isHeld
    if (isOpen && FROM_THE_RIGHT.test(text)) tell(`turned: ${place}: ${escape(text.slice(0, 60))}`)
  }

  const NAMING = ['title', 'aria-label', 'alt', 'placeholder', 'label']
  /** Values of fields are what is edited; what is offered for them is shown. */
  function readAttributes(element: Element): void {
    for (const name of NAMING) {
      const value = element.getAttribute(name)
      if (value !== null) examine(element, name, value, true)
    }
    const isOffer = element.localName === 'option' && element.closest('datalist') !== null
    if (isOffer) examine(element, 'offer', element.getAttribute('value') ?? '', true)
  }

  function readText(node: Node): void {
    const parent = node.parentElement
    if (parent === null || parent.closest('[data-unseen], textarea, script, style') !== null) return
    examine(parent, 'text', node.nodeValue ?? '', parent.closest('bdi, option, title') !== null)
  }

  function read(root: Node): void {
    if (root instanceof Text) return readText(root)
    if (!(root instanceof Element)) return
    readAttributes(root)
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node instanceof Element) readAttributes(node)
      else readText(node)
    }
  }

  addEventListener('DOMContentLoaded', () => {
    new MutationObserver((records) => {
      for (const { addedNodes, target, type } of records) {
        if (type === 'characterData') readText(target)
        if (type === 'attributes' && target instanceof Element) {
          look(target)
          readAttributes(target)
        }
        for (const node of addedNodes) {
          read(node)
          if (!(node instanceof Element)) continue
          look(node)
          node.querySelectorAll('*').forEach(look)
        }
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  })
}
