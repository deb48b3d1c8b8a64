import type { ReactNode } from 'react'

/** The text of a radio or check box: its name, and what it means in plain words. */
export function Choice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <span>
      <span style={{ display: 'block', fontWeight: 500 }}>{title}</span>
      {children && <span style={{ display: 'block', color: 'var(--ink-2)', fontSize: 13 }}>{children}</span>}
    </span>
  )
}
