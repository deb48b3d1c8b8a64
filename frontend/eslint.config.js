import js from '@eslint/js'
import query from '@tanstack/eslint-plugin-query'
import hooks from 'eslint-plugin-react-hooks'
import { defineConfig, globalIgnores } from 'eslint/config'
import ts from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['dist', 'shots/out', 'test-results', 'playwright-report', 'src/**/*.gen.ts']),
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  hooks.configs.flat.recommended,
  query.configs['flat/recommended'],
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      'no-console': 'error',
      // Taking a property out is how an object without it is made.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // Parts know what lies below them and nothing beside them.
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '^\\.\\./\\.\\./', message: 'Use @/… for anything that is not beside you.' }],
        },
      ],
    },
  },
  {
    files: ['src/ui/**', 'src/api/**', 'src/i18n/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^@/(features|app)/', message: 'ui, api and i18n know neither features nor app.' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/features/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^@/(features|app)/',
              message: 'A feature knows ui, api and i18n, no other feature and no app.',
            },
            { regex: '^\\.\\./', message: 'A feature does not reach into another.' },
          ],
        },
      ],
    },
  },
)
