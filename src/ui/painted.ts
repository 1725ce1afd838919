/** Resolves once what stands in the page by now has been painted; at once where nobody sees it. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve)
    else requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
  })
}
