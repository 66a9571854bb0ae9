// What can't be asked of a function or class may stand in its source text.

const regexMayFollow =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield))\s*$/

/** The source without its texts, comments and regular expressions. */
export function codeOf(source: string): string {
  let code = ''
  // For each `${` that is open: how many braces are open inside of it.
  const templates: number[] = []
  let index = 0
  const skipText = (quote: string) => {
    for (index++; index < source.length && source[index] !== quote; index++) if (source[index] === '\\') index++
    index++
    code += ' '
  }
  const skipTemplate = () => {
    for (; index < source.length; index++) {
      if (source[index] === '\\') index++
      else if (source[index] === '`') {
        index++
        return
      } else if (source.startsWith('${', index)) {
        index += 2
        templates.push(0)
        return
      }
    }
  }
  const skipRegex = () => {
    let inClass = false
    for (index++; index < source.length; index++) {
      const character = source[index]
      if (character === '\\') index++
      else if (character === '[') inClass = true
      else if (character === ']') inClass = false
      else if (character === '/' && !inClass) break
    }
    index++
    code += ' '
  }
  while (index < source.length) {
    const character = source[index]!
    const open = templates.length - 1
    if (character === "'" || character === '"') skipText(character)
    else if (character === '`') {
      index++
      skipTemplate()
    } else if (source.startsWith('//', index)) {
      const end = source.indexOf('\n', index)
      index = end === -1 ? source.length : end
    } else if (source.startsWith('/*', index)) {
      const end = source.indexOf('*/', index)
      index = end === -1 ? source.length : end + 2
    } else if (character === '/' && regexMayFollow.test(code)) skipRegex()
    else if (character === '}' && templates[open] === 0) {
      templates.pop()
      index++
      skipTemplate()
    } else {
      if (open >= 0 && character === '{') templates[open]!++
      if (open >= 0 && character === '}') templates[open]!--
      code += character
      index++
    }
  }
  return code
}
