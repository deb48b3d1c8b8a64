import { theme as antd, type ThemeConfig } from 'antd'

export type Scheme = 'light' | 'dark'

const fonts = {
  fontFamily:
    "'IBM Plex Sans Variable', 'PingFang SC', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', system-ui, sans-serif",
  fontFamilyCode: "'IBM Plex Mono', 'Noto Sans Mono CJK SC', ui-monospace, Menlo, Consolas, monospace",
}

const shared = {
  ...fonts,
  fontSize: 14,
  borderRadius: 6,
  borderRadiusLG: 10,
  controlHeight: 34,
  wireframe: false,
  // A label stays readable while its button is at work.
  opacityLoading: 1,
}

/**
 * The antd theme of each scheme. The colours differ from antd's own wherever
 * those miss the 4.5 : 1 contrast of WCAG AA; each pair here was measured. The
 * layout is warm paper in light and near-black ink in dark, so that document
 * images stand out from both.
 */
export const themes: Record<Scheme, ThemeConfig> = {
  light: {
    zeroRuntime: true,
    algorithm: antd.defaultAlgorithm,
    token: {
      ...shared,
      colorPrimary: '#0b5cd6',
      colorLink: '#0b5cd6',
      colorError: '#cf1322',
      colorSuccess: '#1a7f4b',
      // antd derives a grey from so dark a green.
      colorSuccessBg: '#e3f3e9',
      colorSuccessBorder: '#b9dfc9',
      colorTextBase: '#000000',
      colorText: 'rgba(10,16,26,.92)',
      colorTextSecondary: 'rgba(0,0,0,.72)',
      colorTextTertiary: 'rgba(0,0,0,.72)',
      colorTextDescription: 'rgba(0,0,0,.64)',
      colorTextPlaceholder: 'rgba(0,0,0,.6)',
      colorBgLayout: '#f5f4f0',
      colorBorder: '#cbc8c0',
      colorBorderSecondary: '#e5e2da',
    },
  },
  dark: {
    zeroRuntime: true,
    algorithm: antd.darkAlgorithm,
    token: {
      ...shared,
      colorPrimary: '#69b1ff',
      colorLink: '#69b1ff',
      colorError: '#ff7875',
      colorSuccess: '#5fd38d',
      colorTextLightSolid: '#0a0a0a',
      colorText: 'rgba(255,255,255,.9)',
      colorTextSecondary: 'rgba(255,255,255,.75)',
      colorTextTertiary: 'rgba(255,255,255,.75)',
      colorTextDescription: 'rgba(255,255,255,.68)',
      colorTextPlaceholder: 'rgba(255,255,255,.6)',
      colorBgLayout: '#0d0f12',
      colorBgContainer: '#15181d',
      colorBgElevated: '#1d2127',
      colorBorder: '#3a414b',
      colorBorderSecondary: '#272c34',
    },
  },
}
