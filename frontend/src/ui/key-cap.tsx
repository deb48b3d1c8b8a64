import styles from './key-cap.module.css'

const names: Record<string, string> = {
  $mod: /mac/i.test(navigator.userAgent) ? '⌘' : 'Ctrl',
  Shift: '⇧',
  Enter: '↵',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Equal: '+',
  Minus: '−',
}

function cap(key: string): string {
  return names[key] ?? key.replace(/^(Key|Digit)/, '')
}

/** A key or a sequence of keys, as they are printed on the keyboard. */
export function Keys({ keys }: { keys: string }) {
  const presses = keys === 'Shift+?' ? ['?'] : keys.split(' ')
  return (
    <span className={styles.keys}>
      {presses.map((press) => (
        <kbd key={press} className={styles.cap}>
          {press === '?' ? '?' : press.split('+').map(cap).join(' ')}
        </kbd>
      ))}
    </span>
  )
}
