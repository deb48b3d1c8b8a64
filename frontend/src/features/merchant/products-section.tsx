import { Button, Checkbox, Radio, Select } from 'antd'
import { useState } from 'react'
import type { Form } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { useChooseProducts, useSwitchKind } from './merchant.api'
import styles from './products-section.module.css'

const products = ['wechat', 'alipay', 'online_banking'] as const

/** Who applies and for what; it decides what the rest of the form asks for. */
export function ProductsSection({ id, form, editable }: { id: string; form: Form; editable: boolean }) {
  const { t } = useTranslation('merchant')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const format = useFormats()
  const [editing, setEditing] = useState(false)
  const banks = form.banks ?? []
  return (
    <section className={`sheet ${styles.section}`} aria-labelledby="section-products">
      <div className={styles.head}>
        <h2 id="section-products">{t('products.title')}</h2>
        {editable && !editing && (
          <Button
            size="small"
            onClick={() => {
              setEditing(true)
            }}
          >
            {t('products.change')}
          </Button>
        )}
      </div>
      {editing ? (
        <Editor
          id={id}
          form={form}
          onDone={() => {
            setEditing(false)
          }}
        />
      ) : (
        <p>
          {terms(`kinds.${form.kind}`)} ·{' '}
          {format.list(form.products.map((product) => terms(`products.${product}`)))}
          {banks.length > 0 && ` (${format.list(banks.map(words.bank))})`} ·{' '}
          {terms(`sites.${form.site_type}`)}
        </p>
      )}
    </section>
  )
}

function Editor({ id, form, onDone }: { id: string; form: Form; onDone: () => void }) {
  const { t } = useTranslation('merchant')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const switchKind = useSwitchKind(id)
  const choose = useChooseProducts(id)
  const [kind, setKind] = useState(form.kind)
  const [chosen, setChosen] = useState(form.products)
  const [banks, setBanks] = useState(form.banks ?? [])
  const [site, setSite] = useState(form.site_type)
  const banking = chosen.includes('online_banking')

  async function save() {
    if (kind !== form.kind) await switchKind.mutateAsync({ kind })
    await choose.mutateAsync({ products: chosen, site, ...(banking && { banks }) })
    onDone()
  }
  return (
    <div className={styles.editor}>
      <Radio.Group
        aria-label={t('register.kind')}
        value={kind}
        onChange={(event) => {
          setKind(event.target.value as typeof kind)
        }}
        options={(['individual', 'enterprise'] as const).map((value) => ({
          value,
          label: terms(`kinds.${value}`),
        }))}
      />
      {kind !== form.kind && <p className="muted">{t('products.switchHelp')}</p>}
      <Checkbox.Group
        value={chosen}
        onChange={setChosen}
        options={products.map((value) => ({ value, label: terms(`products.${value}`) }))}
      />
      {banking && (
        <Select
          mode="multiple"
          aria-label={t('register.banks')}
          placeholder={t('register.banks')}
          value={banks}
          onChange={setBanks}
          showSearch={{ optionFilterProp: 'label' }}
          options={
            words.reference?.banks.map((bank) => ({ value: bank.code, label: words.pick(bank.label) })) ?? []
          }
        />
      )}
      <Radio.Group
        aria-label={t('register.site')}
        value={site}
        onChange={(event) => {
          setSite(event.target.value as typeof site)
        }}
        options={(['web', 'app', 'offline'] as const).map((value) => ({
          value,
          label: terms(`sites.${value}`),
        }))}
      />
      <ProblemNotice error={switchKind.error ?? choose.error} />
      <div className={styles.buttons}>
        <Button
          type="primary"
          disabled={chosen.length === 0 || (banking && banks.length === 0)}
          loading={(switchKind.isPending || choose.isPending) && { delay: 300 }}
          onClick={() => {
            save().catch(() => undefined)
          }}
        >
          {t('products.save')}
        </Button>
        <Button type="text" onClick={onDone}>
          {t('products.cancel')}
        </Button>
      </div>
    </div>
  )
}
