import { DesktopOutlined, GlobalOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { languages, match, setLanguage, useTranslation, type Language } from '@/i18n'
import { setPreferences, usePreferences, type Preferences } from './preferences'

export function LanguageSwitch() {
  const { t, i18n } = useTranslation()
  const current = match(i18n.language) ?? 'en'
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectedKeys: [current],
        items: (Object.keys(languages) as Language[]).map((language) => ({
          key: language,
          label: <span lang={language}>{languages[language]}</span>,
          onClick: () => void setLanguage(language),
        })),
      }}
    >
      <Button
        type="text"
        icon={<GlobalOutlined />}
        aria-label={t('shell.language', { name: languages[current] })}
      >
        {languages[current]}
      </Button>
    </Dropdown>
  )
}

const icons = { system: <DesktopOutlined />, light: <SunOutlined />, dark: <MoonOutlined /> }

export function SchemeSwitch() {
  const { t } = useTranslation()
  const { scheme } = usePreferences()
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectedKeys: [scheme],
        items: (['light', 'dark', 'system'] satisfies Preferences['scheme'][]).map((choice) => ({
          key: choice,
          icon: icons[choice],
          label: t(`scheme.${choice}`),
          onClick: () => {
            setPreferences({ scheme: choice })
          },
        })),
      }}
    >
      <Button
        type="text"
        icon={icons[scheme]}
        aria-label={t('shell.scheme', { name: t(`scheme.${scheme}`) })}
      />
    </Dropdown>
  )
}
