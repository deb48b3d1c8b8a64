import styles from './brand.module.css'

/** The mark: a seal with an A that rises, since "dar de alta" is to sign up. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className={styles.mark}>
      <rect width="32" height="32" rx="7" />
      <path d="M8.2 24 15 8h2l6.8 16M11.4 18.6h5.2" />
    </svg>
  )
}

export function Wordmark({ size = 26 }: { size?: number }) {
  return (
    <span className={styles.wordmark}>
      <Mark size={size} />
      <span className={styles.word}>Alta</span>
    </span>
  )
}
