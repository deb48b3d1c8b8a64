import { describe, expect, it } from 'vitest'
import { device } from './device'

describe('a session', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge · Windows',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', 'Firefox · Linux'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
      'Safari · macOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/138.0 Mobile Safari/537.36 MicroMessenger/8.0',
      'WeChat · Android',
    ],
  ])('is named by browser and system: %s', (agent, name) => {
    expect(device(agent)).toBe(name)
  })

  it('of a program keeps the name that the program gives itself', () => {
    expect(device('shop-server/1.2')).toBe('shop-server/1.2')
    expect(device('Mozilla/5.0 (something new)')).toBe('Mozilla/5.0 (something new)')
    expect(device(undefined)).toBeUndefined()
  })
})
