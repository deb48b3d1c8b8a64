import { describe, expect, it } from 'vitest'
import { fillTemplate } from './reason-text'

describe('the text of a reason', () => {
  it('names the item and shows the value that was given', () => {
    expect(
      fillTemplate('{item}[ ({value})] cannot be read.', { item: 'ID card, front', value: '1101***' }),
    ).toBe('ID card, front (1101***) cannot be read.')
  })

  it('leaves out a passage whose value is not known, so that no sentence has a gap', () => {
    expect(fillTemplate('{item}[ ({value})] cannot be read.[ By {deadline}.]', { item: 'ID card' })).toBe(
      'ID card cannot be read.',
    )
  })

  it('keeps a value that looks like a parameter as it is', () => {
    expect(fillTemplate('{value}', { item: 'x', value: '{item}' })).toBe('{item}')
  })
})
