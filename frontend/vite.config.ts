import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/**
 * Writes a .br and a .gz beside every text asset, so that the Go binary serves
 * compressed bytes from its embedded files without compressing on a request.
 * index.html is left out: the server writes a nonce into it for each response.
 */
function precompress(): Plugin {
  return {
    name: 'alta-precompress',
    apply: 'build',
    writeBundle(options) {
      const folder = join(options.dir ?? 'dist', 'assets')
      for (const name of readdirSync(folder)) {
        if (!/\.(js|mjs|css|svg|json)$/.test(name)) continue
        const path = join(folder, name)
        if (statSync(path).size < 1024) continue
        const bytes = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }),
        )
      }
    },
  }
}

const api = process.env.ALTA_API ?? 'http://127.0.0.1:8080'
const proxy = { '/v1': api, '/openapi.yaml': api, '/dev/mail': api }

export default defineConfig({
  plugins: [
    tanstackRouter({
      target: 'react',
      autoCodeSplitting: true,
      routesDirectory: './src/app/routes',
      generatedRouteTree: './src/app/routeTree.gen.ts',
      quoteStyle: 'single',
      semicolons: false,
    }),
    react(),
    precompress(),
  ],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
  },
  // The server replaces this word by a fresh nonce in every index.html it sends
  // (see embed.go).
  html: { cspNonce: '__ALTA_CSP_NONCE__' },
  build: {
    target: 'es2022',
    // Fonts stay files: the content security policy has no data: fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy },
  preview: { proxy },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./src/test-setup.ts'],
    restoreMocks: true,
    testTimeout: 60_000, // for machines that are busy
  },
})
