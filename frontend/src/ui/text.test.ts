import { describe, expect, it } from 'vitest'
import { atMost, isolated, parts } from './text'

describe('a person’s text', () => {
  it('cannot turn our sentence around', () => {
    expect(isolated('\u202eabc\u202c')).toBe('abc')
    expect(isolated('محمد')).toBe('\u2068محمد\u2069')
    expect(isolated('李娜')).toBe('李娜')
  })

  it('shows what nobody sees by its code point', () => {
    expect(parts('葛\u{e0100}红')).toEqual([
      { text: '葛' },
      { text: '\u{e0100}', mark: 'U+E0100' },
      { text: '红' },
    ])
    expect(parts('王\ue863')).toEqual([{ text: '王' }, { text: '\ue863', mark: 'U+E863' }])
    expect(parts('\u202ea\u3164').map((part) => part.mark)).toEqual(['U+202E', undefined, 'U+3164'])
    expect(parts('李 娜')).toEqual([{ text: '李 娜' }])
    expect(parts('well done ❤️ 👩‍💻')).toHaveLength(1)
  })

  it('is counted in characters', () => {
    const { count } = atMost(3)
    expect(count.strategy('𠮷𠮷𠮷')).toBe(3)
    expect(count.exceedFormatter('𠮷𠮷𠮷𠮷', { max: 3 })).toBe('𠮷𠮷𠮷')
  })
})
