/** Resolves in the next frame, or soon where nobody sees the page. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve)
    else requestAnimationFrame(() => resolve())
  })
}

/** Resolves once what stands in the page by now has been painted; soon where nobody sees it. */
export async function painted(): Promise<void> {
  await nextFrame()
  await nextFrame()
}
