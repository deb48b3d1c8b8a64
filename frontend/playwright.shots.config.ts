import { defineConfig } from '@playwright/test'
import tests from './playwright.config'

/** `npm run shots`: pictures of every page, into shots/out, to be looked at. */
export default defineConfig({ ...tests, testDir: './shots', testMatch: '*.shots.ts', timeout: 240_000 })
