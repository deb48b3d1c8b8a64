import {
  BorderVerticleOutlined,
  EyeOutlined,
  LeftOutlined,
  RightOutlined,
  RotateRightOutlined,
  ZoomInOutlined,
  ZoomOutOutlined,
} from '@ant-design/icons'
import { Button, Tooltip } from 'antd'
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { loadPage, type PageRequest } from '@/api/documents'
import { useTranslation } from '@/i18n'
import styles from './document-viewer.module.css'
import { useKeys } from './keys'
import { ProblemNotice } from './problem-notice'
import { fit, pan, turnRight, wholePage, zoomBy, type Size, type View } from './viewer-geometry'

/** One document that can be looked at. */
export interface Viewable {
  document: string
  pages: number
  /** What it is, for people who cannot see it: "ID card, front". */
  label: string
}

interface Props {
  application: string
  /** What has that id: an application, or a sample in its place. */
  kind?: PageRequest['kind']
  shown: Viewable
  /** An earlier version to lay beside it. */
  earlier?: Viewable | undefined
  /** Why an auditor looks. */
  why?: string | undefined
  /** Opening an image is recorded; where this is set, nothing opens before it is asked for. */
  onRequest?: boolean | undefined
  /** What has to be settled before something is opened on request; false: it stays closed. */
  beforeOpen?: (() => Promise<boolean>) | undefined
  /** The tabs or list from which the document was chosen. */
  header?: ReactNode
  /** Tools beside the viewer's own. */
  tools?: ReactNode
  onPrevious?: (() => void) | undefined
  onNext?: (() => void) | undefined
}

const step = 1.4

/** Shows document images: zoom, turn, move, pages, and two versions side by side. */
export function DocumentViewer(props: Props) {
  // A new document starts with a view of its own.
  return <Viewer key={props.shown.document} {...props} />
}

function Viewer({
  application,
  kind,
  shown,
  earlier,
  why,
  onRequest = false,
  beforeOpen,
  header,
  tools,
  onPrevious,
  onNext,
}: Props) {
  const { t } = useTranslation()
  const [view, setView] = useState<View>(wholePage)
  const [page, setPage] = useState(1)
  const [compare, setCompare] = useState(false)
  const [asked, setAsked] = useState(false)
  const open = asked || !onRequest
  const group = t('keys.document')
  const zoom = (factor: number) => {
    setView((v) => zoomBy(v, factor))
  }
  useKeys([
    {
      keys: 'KeyR',
      label: t('viewer.turn'),
      group,
      run: () => {
        setView(turnRight)
      },
    },
    {
      keys: 'Equal',
      label: t('viewer.closer'),
      group,
      run: () => {
        zoom(step)
      },
    },
    {
      keys: 'Minus',
      label: t('viewer.back'),
      group,
      run: () => {
        zoom(1 / step)
      },
    },
    {
      keys: 'KeyV',
      label: t('viewer.compare'),
      group,
      disabled: !earlier,
      run: () => {
        setCompare((on) => !on)
      },
    },
    {
      keys: 'ArrowLeft',
      label: t('viewer.previous'),
      group,
      disabled: !onPrevious,
      run: () => onPrevious?.(),
    },
    { keys: 'ArrowRight', label: t('viewer.next'), group, disabled: !onNext, run: () => onNext?.() },
  ])
  const tool = (name: string, icon: ReactNode, run: () => void, disabled = false, pressed?: boolean) => (
    <Tooltip title={name}>
      <Button
        type="text"
        icon={icon}
        aria-label={name}
        aria-pressed={pressed}
        disabled={disabled}
        onClick={run}
      />
    </Tooltip>
  )
  const panes = compare && earlier ? [earlier, shown] : [shown]
  return (
    <section className={`sheet ${styles.viewer}`} aria-label={t('viewer.title', { label: shown.label })}>
      {header}
      <div className={styles.tools} role="toolbar" aria-label={t('viewer.tools')}>
        {onPrevious && tool(t('viewer.previous'), <LeftOutlined />, onPrevious)}
        {onNext && tool(t('viewer.next'), <RightOutlined />, onNext)}
        <span className={styles.gap} />
        {shown.pages > 1 && (
          <span className={styles.pages}>
            {tool(
              t('viewer.pageBack'),
              <LeftOutlined />,
              () => {
                setPage(page - 1)
              },
              page === 1,
            )}
            {t('viewer.page', { page, pages: shown.pages })}
            {tool(
              t('viewer.pageOn'),
              <RightOutlined />,
              () => {
                setPage(page + 1)
              },
              page === shown.pages,
            )}
          </span>
        )}
        {earlier &&
          tool(
            t('viewer.compare'),
            <BorderVerticleOutlined />,
            () => {
              setCompare(!compare)
            },
            false,
            compare,
          )}
        {tool(
          t('viewer.back'),
          <ZoomOutOutlined />,
          () => {
            zoom(1 / step)
          },
          view.zoom === 1,
        )}
        <Button
          type="text"
          className={styles.level}
          onClick={() => {
            setView({ ...wholePage, turn: view.turn })
          }}
        >
          {Math.round(view.zoom * 100)} %
        </Button>
        {tool(t('viewer.closer'), <ZoomInOutlined />, () => {
          zoom(step)
        })}
        {tool(t('viewer.turn'), <RotateRightOutlined />, () => {
          setView(turnRight)
        })}
        {tools}
      </div>
      <div className={styles.panes}>
        {open ? (
          panes.map((viewable) => (
            <figure key={viewable.document} className={styles.figure}>
              <Pane
                request={{
                  application,
                  kind,
                  document: viewable.document,
                  page: Math.min(page, viewable.pages),
                  size: 'view',
                  why,
                }}
                label={viewable.label}
                view={view}
                onView={setView}
              />
              {panes.length > 1 && <figcaption className={styles.caption}>{viewable.label}</figcaption>}
            </figure>
          ))
        ) : (
          <div className={styles.closed}>
            <p>{t('viewer.recorded')}</p>
            <Button
              icon={<EyeOutlined />}
              onClick={() => {
                void (beforeOpen?.() ?? Promise.resolve(true)).then((settled) => {
                  if (settled) setAsked(true)
                })
              }}
            >
              {t('viewer.open', { label: shown.label })}
            </Button>
          </div>
        )}
      </div>
    </section>
  )
}

interface PaneProps {
  request: PageRequest
  label: string
  view: View
  onView: (change: (view: View) => View) => void
}

function Pane({ request, label, view, onView }: PaneProps) {
  const { t } = useTranslation()
  const frameRef = useRef<HTMLDivElement>(null)
  const [frame, setFrame] = useState<Size>({ width: 0, height: 0 })
  const [page, setPage] = useState<Size>({ width: 0, height: 0 })
  const { application, kind, document: id, page: number, size, why } = request
  const [loaded, setLoaded] = useState<{ url?: string; error?: unknown; of: string }>({ of: '' })
  const name = `${id}/${number}`

  useEffect(() => {
    let current = true
    loadPage({ application, kind, document: id, page: number, size, why }).then(
      (url) => {
        if (current) setLoaded({ url, of: name })
      },
      (error: unknown) => {
        if (current) setLoaded({ error, of: name })
      },
    )
    return () => {
      current = false
    }
  }, [application, kind, id, number, size, why, name])

  useLayoutEffect(() => {
    const element = frameRef.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setFrame({ width: entry.contentRect.width, height: entry.contentRect.height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
    }
  }, [])

  // React attaches wheel listeners passively; this one must keep the page still.
  useEffect(() => {
    const element = frameRef.current
    if (!element) return
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      onView((v) => zoomBy(v, event.deltaY < 0 ? 1.15 : 1 / 1.15))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => {
      element.removeEventListener('wheel', wheel)
    }
  }, [onView])

  const here = loaded.of === name ? loaded : undefined
  const scale = fit(page, frame, view.turn) * view.zoom
  return (
    <div
      ref={frameRef}
      className={`${styles.frame} ${view.zoom > 1 ? styles.movable : ''}`}
      onPointerDown={(event) => {
        if (view.zoom > 1) event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event) => {
        if (event.buttons !== 1 || view.zoom === 1) return
        const { movementX, movementY } = event
        onView((v) => pan(v, movementX, movementY, page, frame))
      }}
      onDoubleClick={() => {
        onView((v) => (v.zoom > 1 ? { ...wholePage, turn: v.turn } : zoomBy(v, 2.5)))
      }}
    >
      {here?.error !== undefined && (
        <div className={styles.failed}>
          <ProblemNotice error={here.error} />
        </div>
      )}
      {!here && <span className="visually-hidden">{t('loading')}</span>}
      {here?.url && (
        <img
          className={styles.image}
          src={here.url}
          alt={label}
          draggable={false}
          onLoad={({ currentTarget: image }) => {
            setPage({ width: image.naturalWidth, height: image.naturalHeight })
          }}
          style={{
            visibility: page.width > 0 ? 'visible' : 'hidden',
            transform: `translate(-50%, -50%) translate(${view.x}px, ${view.y}px) rotate(${view.turn}deg) scale(${scale})`,
          }}
        />
      )}
    </div>
  )
}
