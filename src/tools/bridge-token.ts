const KEPT = 'omega-bridge'
const GIVEN = /^#bridge=([A-Za-z0-9_-]{43})$/

/**
 * What the bridge put into the address when it opened this page, taken out of it and kept for this tab alone, so that
 * the tab can be loaded anew; null if no bridge did.
 */
export function takeBridgeToken(): string | null {
  try {
    const given = GIVEN.exec(location.hash)?.[1]
    if (given !== undefined) {
      history.replaceState(null, '', location.pathname + location.search)
      sessionStorage.setItem(KEPT, given)
    }
    return sessionStorage.getItem(KEPT)
  } catch {
    // Blocked: the tab is then connected until it is loaded anew, or not at all.
    return null
  }
}
