import type { PlaywrightTestOptions, PlaywrightWorkerOptions } from '@playwright/test'

/** The browser of the machine, quiet and without a network of its own. */
export const chromium = {
  browserName: 'chromium',
  locale: 'en-GB',
  timezoneId: 'Asia/Shanghai',
  viewport: { width: 1440, height: 900 },
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
} satisfies Partial<PlaywrightTestOptions & PlaywrightWorkerOptions>
