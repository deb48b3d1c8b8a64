import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Checkbox, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import type { Status } from '@/api/applications'
import type { Schemas } from '@/api/client'
import { ProblemError } from '@/api/problem'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { contractQuery, useContractCode, useSignContract } from './merchant.api'
import styles from './contract-page.module.css'
import { sha256 } from './digest'
import { MerchantFrame } from './merchant-frame'

/** The contract to read and, with a one-time code, to sign. */
export function ContractPage({ id }: { id: string }) {
  const { t } = useTranslation('merchant')
  return (
    <MerchantFrame id={id} title={t('contract.title')} lead={() => t('contract.lead')}>
      {(status) => <Loaded id={id} status={status} />}
    </MerchantFrame>
  )
}

function Loaded({ id, status }: { id: string; status: Status }) {
  const { t } = useTranslation('merchant')
  const format = useFormats()
  const agent = useIdentity()?.role === 'agent'
  const contract = useQuery(contractQuery(id))
  if (contract.error) return <ProblemNotice error={contract.error} onSee={() => void contract.refetch()} />
  if (!contract.data) return <Loading rows={12} />
  const signed = contract.data.signed_at ?? status.contract?.signed_at
  return (
    <>
      <article
        className={`sheet ${styles.paper}`}
        lang={contract.data.language}
        tabIndex={0}
        aria-label={t('contract.text')}
      >
        {contract.data.text}
        {signed && (
          <div className={styles.seal}>
            <span>{t('contract.signedSeal')}</span>
            <span>{format.day(signed)}</span>
          </div>
        )}
      </article>
      <Digest contract={contract.data} />
      {signed ? (
        <Alert
          type="success"
          showIcon
          title={t('contract.signedAt', { when: format.exact(signed) })}
          description={status.contract?.countersigned_at ? t('contract.both') : t('contract.waiting')}
        />
      ) : agent ? (
        <Alert type="info" showIcon title={t('contract.agent')} />
      ) : (
        status.stage === 'signature' && <Signing id={id} status={status} contract={contract.data} />
      )}
    </>
  )
}

/** Recomputes the digest here, so that what is signed is what was read. */
function Digest({ contract }: { contract: Schemas['ContractText'] }) {
  const { t } = useTranslation('merchant')
  const [own, setOwn] = useState<string>()
  useEffect(() => {
    let current = true
    void sha256(contract.text).then((digest) => {
      if (current) setOwn(digest)
    })
    return () => {
      current = false
    }
  }, [contract.text])
  const same = own === undefined || own === contract.sha256
  return (
    <div className={styles.digest}>
      <p>
        {t('contract.digest')} <code className={styles.code}>{contract.sha256}</code>
      </p>
      {same ? (
        <p className="muted">{t('contract.digestSame')}</p>
      ) : (
        <Alert type="error" role="alert" title={t('contract.digestDiffers')} />
      )}
    </div>
  )
}

interface Values {
  name: string
  code: string
}

function Signing({
  id,
  status,
  contract,
}: {
  id: string
  status: Status
  contract: Schemas['ContractText']
}) {
  const { t } = useTranslation('merchant')
  const format = useFormats()
  const code = useContractCode(id)
  const sign = useSignContract(id, status.revision)
  const [read, setRead] = useState(false)
  const problem = (field: string) => {
    const text = sign.error instanceof ProblemError ? sign.error.field(`/${field}`) : undefined
    return text ? { validateStatus: 'error' as const, help: text } : {}
  }
  return (
    <section className={`sheet ${styles.signing}`} aria-label={t('contract.sign')}>
      <h2>{t('contract.sign')}</h2>
      {contract.expires && (
        <p className="muted">{t('contract.expires', { when: format.until(contract.expires) })}</p>
      )}
      <Checkbox
        checked={read}
        onChange={(event) => {
          setRead(event.target.checked)
        }}
      >
        {t('contract.read')}
      </Checkbox>
      <div>
        <Button
          disabled={!read}
          loading={code.isPending && { delay: 300 }}
          onClick={() => {
            code.mutate()
          }}
        >
          {code.isSuccess ? t('contract.codeAgain') : t('contract.sendCode')}
        </Button>
        {code.isSuccess && <p role="status">{t('contract.codeSent')}</p>}
      </div>
      <ProblemNotice error={code.error} />
      <Form<Values>
        layout="vertical"
        requiredMark={false}
        className={styles.form}
        disabled={!read}
        onFinish={(values) => {
          sign.mutate({ sha256: contract.sha256, name: values.name.trim(), code: values.code })
        }}
      >
        <Form.Item
          name="name"
          label={t('contract.name')}
          extra={t('contract.nameHelp')}
          rules={[{ required: true }]}
          {...problem('name')}
        >
          <Input autoComplete="name" />
        </Form.Item>
        <Form.Item
          name="code"
          label={t('contract.code')}
          rules={[{ required: true }, { pattern: /^\d{6}$/, message: t('contract.codeRule') }]}
          {...problem('code')}
        >
          <Input className="mono" inputMode="numeric" autoComplete="one-time-code" maxLength={6} />
        </Form.Item>
        <ProblemNotice error={sign.error} />
        <Button type="primary" size="large" htmlType="submit" loading={sign.isPending && { delay: 300 }}>
          {t('contract.submit')}
        </Button>
      </Form>
    </section>
  )
}
