import { useTranslation } from '@/i18n'
import { Bars } from './bars'
import type { Statistics } from './statistics.api'
import { useSpans } from './use-spans'

/** How long it took while it was somebody's turn. */
export function Turns({ data, turn }: { data: Statistics; turn: 'platform' | 'merchant' }) {
  const { t } = useTranslation('statistics')
  const spans = useSpans()
  const found = data.turns?.find((series) => series.turn === turn)
  const span = turn === 'platform' ? spans.business : spans.clock
  const classes = found?.classes ?? []
  // Classes that nothing fell into are left out at both ends, never between.
  const first = classes.findIndex(({ turns }) => turns > 0)
  const last = classes.findLastIndex(({ turns }) => turns > 0)
  return (
    <Bars
      title={t(`turns.${turn}`)}
      note={
        found?.median_seconds === undefined
          ? t(`turns.${turn}Note`)
          : `${t('turns.median', { half: span(found.median_seconds), most: span(found.ninetieth_seconds) })} ${t(`turns.${turn}Note`)}`
      }
      caption={t(`turns.${turn}`)}
      columns={[t('turns.took'), t('turns.count')]}
      empty={t('nothing')}
      tone={turn === 'platform' ? 1 : 3}
      bars={classes
        .map(({ up_to_seconds: upTo, turns }, i) => ({
          key: String(upTo ?? 'more'),
          label:
            upTo === undefined
              ? t('turns.more', { span: span(classes[i - 1]?.up_to_seconds) })
              : t('turns.upTo', { span: span(upTo) }),
          value: turns,
          faint: upTo === undefined,
        }))
        .slice(Math.max(0, first), last + 1)}
    />
  )
}
