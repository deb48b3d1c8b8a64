/** The nonce that the server put into this page for its style sheets. */
export const nonce = document.querySelector<HTMLElement>('meta[property=csp-nonce]')?.nonce

/**
 * Gives every style element the page's nonce. antd passes it on to most of its
 * own, but not to the ones that lock scrolling under a dialog or measure a
 * scroll bar; without it the content security policy drops them. Scripts get
 * nothing from this: the policy takes them from this site's files only.
 */
export function nonceStyles(): void {
  if (!nonce) return
  const create = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = create(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }) as typeof document.createElement
}
