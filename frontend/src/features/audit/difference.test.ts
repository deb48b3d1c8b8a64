import { describe, expect, it } from 'vitest'
import { differences } from './difference'

describe('the difference between two moments', () => {
  it('names the field with what it was and what it became', () => {
    expect(differences({ stage: 'draft' }, { stage: 'qualification' })).toEqual([
      { path: ['stage'], sign: 'changed', before: 'draft', after: 'qualification' },
    ])
  })

  it('compares items by their key, wherever they stand', () => {
    const before = {
      items: [
        { key: 'bank.number', state: 'given' },
        { key: 'bank.holder', state: 'given' },
      ],
    }
    const after = {
      items: [
        { key: 'bank.holder', state: 'given' },
        { key: 'bank.number', state: 'accepted' },
      ],
    }
    expect(differences(before, after)).toEqual([
      { path: ['items', 'bank.number', 'state'], sign: 'changed', before: 'given', after: 'accepted' },
    ])
  })

  it('tells what came and what went', () => {
    expect(differences({ claim: { by: 'ana' } }, { site: { url: 'https://a.cn' } })).toEqual([
      { path: ['site', 'url'], sign: 'added', after: 'https://a.cn' },
      { path: ['claim', 'by'], sign: 'removed', before: 'ana' },
    ])
  })

  it('takes somebody who acted as one fact', () => {
    const claim = (id: string) => ({ claim: { by: { id, role: 'reviewer' } } })
    expect(differences(claim('ana'), claim('bo'))).toEqual([
      { path: ['claim', 'by'], sign: 'changed', before: 'ana', after: 'bo' },
    ])
  })

  it('compares plain lists by what they hold', () => {
    expect(differences({ banks: ['102', '103'] }, { banks: ['103', '104'] })).toEqual([
      { path: ['banks'], sign: 'added', after: '104' },
      { path: ['banks'], sign: 'removed', before: '102' },
    ])
  })

  it('leaves out the revision, which changes with every event', () => {
    expect(differences({ revision: 1, updated_at: 'a' }, { revision: 2, updated_at: 'b' })).toEqual([])
  })
})
