import { DatePicker } from 'antd'
import { useTranslation } from '@/i18n'

interface Props {
  onPick: (iso: string) => void
  onOpenChange: (open: boolean) => void
}

/** Asks for the moment before which something is due. */
export function DuePicker({ onPick, onOpenChange }: Props) {
  const { t } = useTranslation('staff')
  return (
    <DatePicker
      autoFocus
      defaultOpen
      showTime={{ format: 'HH:mm' }}
      aria-label={t('filters.ask.due_before')}
      placeholder={t('filters.ask.due_before')}
      onChange={(moment) => {
        if (moment) onPick(moment.toISOString())
      }}
      onOpenChange={onOpenChange}
    />
  )
}
