const directionControls = /\p{Bidi_Control}/gu
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/**
 * A person's text as one of our sentences can hold it: without direction controls,
 * and isolated (UAX #9) where it runs from right to left. Other text is unchanged.
 */
export function isolated(text: string): string {
  const plain = text.replace(directionControls, '')
  return rightToLeft.test(plain) ? `\u2068${plain}\u2069` : plain
}

/** What a reader cannot see, or sees in one font only. */
const unseen = /[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Co}\u2800\ufffc]/u
const joinsEmoji = /[\ufe0e\ufe0f\u200d]/
const emoji = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\u200d]/u

export interface TextPart {
  text: string
  /** The code point of one character that nobody sees, such as "U+202E"; then text is that character. */
  mark?: string
}

/** Splits a text at the characters that a reader cannot see. What joins emoji is left alone. */
export function parts(text: string): TextPart[] {
  const out: TextPart[] = []
  let before = ''
  for (const character of text) {
    const last = out.at(-1)
    if (unseen.test(character) && !(joinsEmoji.test(character) && emoji.test(before))) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      out.push({ text: character, mark: `U+${code}` })
    } else if (last && last.mark === undefined) {
      last.text += character
    } else {
      out.push({ text: character })
    }
    before = character
  }
  return out
}

/**
 * Bounds an antd input in characters, as the contract counts. `maxLength` counts
 * UTF-16 units, of which some characters of names have two.
 */
export function atMost(max: number) {
  const characters = (text: string) => Array.from(text)
  return {
    count: {
      max,
      strategy: (text: string) => characters(text).length,
      exceedFormatter: (text: string, bound: { max: number }) =>
        characters(text).slice(0, bound.max).join(''),
    },
  }
}
