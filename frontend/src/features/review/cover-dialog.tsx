import { HighlightOutlined } from '@ant-design/icons'
import { Alert, Button, Input, InputNumber, Modal, Tooltip } from 'antd'
import { useEffect, useId, useRef, useState, type PointerEvent } from 'react'
import type { Application } from '@/api/applications'
import { perform } from '@/api/command'
import { forgetPages, loadPage } from '@/api/documents'
import { useTranslation } from '@/i18n'
import type { Viewable } from '@/ui/document-viewer'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import styles from './cover-dialog.module.css'
import { between, covers, edited, type Rectangle } from './rectangle'
import { useRedact } from './review.api'

interface Props {
  application: Application
  slot: string
  shown: Viewable
  onSee: () => void
}

/** Covers a part of a document that must not be kept, such as a security code. */
export function CoverButton(props: Props) {
  const { t } = useTranslation('staff')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Tooltip title={t('cover.tool')}>
        <Button
          type="text"
          icon={<HighlightOutlined />}
          aria-label={t('cover.tool')}
          onClick={() => {
            setOpen(true)
          }}
        />
      </Tooltip>
      {open && (
        <CoverDialog
          {...props}
          onClose={() => {
            setOpen(false)
          }}
        />
      )}
    </>
  )
}

const sides = ['x', 'y', 'width', 'height'] as const
const middle: Rectangle = { x: 0.4, y: 0.4, width: 0.2, height: 0.2 }

function CoverDialog({ application, slot, shown, onSee, onClose }: Props & { onClose: () => void }) {
  const { t } = useTranslation('staff')
  const id = useId()
  const redact = useRedact(application, slot)
  const [page, setPage] = useState(1)
  const [rectangle, setRectangle] = useState<Rectangle>()
  const [why, setWhy] = useState(() => t('cover.usual'))
  const ready = covers(rectangle) && why.trim() !== ''
  return (
    <Modal
      open
      width={760}
      title={t('cover.title', { item: shown.label })}
      okText={t('cover.confirm')}
      cancelText={t('cover.cancel')}
      okButtonProps={{ danger: true, disabled: !ready }}
      confirmLoading={redact.isPending}
      onCancel={onClose}
      onOk={() => {
        if (!ready) return
        perform(redact, { page, ...rectangle, why: why.trim() }, () => {
          forgetPages()
          onClose()
        })
      }}
    >
      <Alert type="warning" showIcon title={t('cover.final')} description={t('cover.body')} />
      {shown.pages > 1 && (
        <label className={styles.page}>
          {t('cover.page', { pages: shown.pages })}
          <InputNumber
            min={1}
            max={shown.pages}
            value={page}
            onChange={(value) => {
              setPage(value ?? 1)
              setRectangle(undefined)
            }}
          />
        </label>
      )}
      <Picture
        key={page}
        application={application.id}
        shown={shown}
        page={page}
        rectangle={rectangle}
        onRectangle={setRectangle}
      />
      <fieldset className={styles.sides}>
        <legend>{t('cover.byKeyboard')}</legend>
        {sides.map((side) => (
          <label key={side}>
            {t(`cover.sides.${side}`)}
            <InputNumber
              min={0}
              max={100}
              step={1}
              suffix="%"
              value={rectangle ? Math.round(rectangle[side] * 1000) / 10 : null}
              onChange={(value) => {
                setRectangle(edited(rectangle ?? middle, side, (value ?? 0) / 100))
              }}
            />
          </label>
        ))}
      </fieldset>
      <label htmlFor={id}>{t('cover.why')}</label>
      <Input
        id={id}
        {...atMost(500)}
        value={why}
        onChange={(event) => {
          setWhy(event.target.value)
        }}
      />
      <ProblemNotice error={redact.error} onSee={onSee} />
    </Modal>
  )
}

interface PictureProps {
  application: string
  shown: Viewable
  page: number
  rectangle: Rectangle | undefined
  onRectangle: (rectangle: Rectangle) => void
}

function Picture({ application, shown, page, rectangle, onRectangle }: PictureProps) {
  const [loaded, setLoaded] = useState<{ url?: string; error?: unknown }>({})
  const from = useRef<{ x: number; y: number }>(undefined)
  const { document } = shown
  useEffect(() => {
    let current = true
    loadPage({ application, document, page, size: 'view' }).then(
      (url) => {
        if (current) setLoaded({ url })
      },
      (error: unknown) => {
        if (current) setLoaded({ error })
      },
    )
    return () => {
      current = false
    }
  }, [application, document, page])
  const at = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height }
  }
  if (loaded.error !== undefined) return <ProblemNotice error={loaded.error} />
  if (!loaded.url) return <Loading rows={6} />
  const percent = (value: number) => `${value * 100}%`
  return (
    <div
      className={styles.picture}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = at(event)
      }}
      onPointerMove={(event) => {
        if (from.current && event.buttons === 1) onRectangle(between(from.current, at(event)))
      }}
      onPointerUp={() => {
        from.current = undefined
      }}
    >
      <img src={loaded.url} alt={shown.label} draggable={false} />
      {rectangle && (
        <span
          className={styles.rectangle}
          style={{
            left: percent(rectangle.x),
            top: percent(rectangle.y),
            width: percent(rectangle.width),
            height: percent(rectangle.height),
          }}
        />
      )}
    </div>
  )
}
