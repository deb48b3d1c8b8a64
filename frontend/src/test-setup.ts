import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

configure({ asyncUtilTimeout: 30_000 }) // for machines that are busy

afterEach(() => {
  cleanup()
})
