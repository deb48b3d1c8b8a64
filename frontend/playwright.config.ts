import { defineConfig } from '@playwright/test'
import { chromium } from './e2e/chromium'

/**
 * Browser tests run on the built pages, as the Go binary serves them. With
 * ALTA_URL they use a server that already runs (with --demo --dev); without it
 * they start one of their own from the binary that ALTA_BIN names. A trace takes a third
 * of the time: ask for one with --trace retain-on-failure.
 */
const port = Number(process.env.ALTA_E2E_PORT ?? 18180)
const own = `http://127.0.0.1:${port}`
const binary = process.env.ALTA_BIN ?? '../alta'

export default defineConfig({
  testDir: './e2e',
  // Generous, for machines that are busy: only a test that fails waits so long.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  fullyParallel: false,
  workers: 1,
  forbidOnly: true,
  reporter: [['list']],
  use: {
    actionTimeout: 30_000,
    baseURL: process.env.ALTA_URL ?? own,
    // A test's own authority signs what a proxy in front of the server shows.
    ignoreHTTPSErrors: process.env.ALTA_TLS_UNKNOWN !== undefined,
    screenshot: 'only-on-failure',
    ...chromium,
  },
  ...(process.env.ALTA_URL
    ? {}
    : {
        webServer: {
          command: `rm -rf test-results/data && mkdir -p test-results && exec ${binary} serve --demo --dev --data test-results/data --listen 127.0.0.1:${port} --registrations-per-hour 1000 --sample-percent 100 2>test-results/serve.log`,
          url: `${own}/v1/reference`,
          timeout: 180_000,
          gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 },
        },
      }),
})
