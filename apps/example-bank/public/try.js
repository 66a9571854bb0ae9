// The page at /docs: it makes a form of each operation in openapi.json. Whatever comes from outside becomes text, never markup.

const token = document.getElementById('token')
const api = await (await fetch('/openapi.json')).json()

for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    document.getElementById('operations').append(formOf(path, method.toUpperCase(), operation))
  }
}

function formOf(path, method, operation) {
  const parameters = operation.parameters.map((parameter) =>
    parameter.$ref ? api.components.parameters[parameter.$ref.split('/').pop()] : parameter,
  )
  const inputs = parameters.map(({ name, in: place, required, description = '' }) => {
    const input = element('input', { required, autocomplete: 'off' })
    const label = element('label', {}, `${name} (${place}${required ? '' : ', optional'}) ${description}`, input)
    return { name, place, input, label }
  })
  const json = operation.requestBody?.content['application/json']
  const body = json && element('textarea', { rows: 5, value: JSON.stringify(json.example, null, 2) })
  const types = Object.keys(Object.entries(operation.responses).find(([status]) => status < 300)[1].content)
  const answer = element('pre', {})
  const buttons = types.map((type) => element('button', { value: type }, types.length > 1 ? `Send, for ${type}` : 'Send'))
  const stop = element('button', { type: 'button' }, 'Stop')
  const form = element(
    'form',
    {},
    ...inputs.map(({ label }) => label),
    ...(body ? [element('label', {}, 'Body', body)] : []),
    ...buttons,
    stop,
  )
  let asking = new AbortController()
  stop.addEventListener('click', () => asking.abort())
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    asking.abort()
    asking = new AbortController()
    answer.textContent = '…'
    const headers = { Accept: event.submitter?.value ?? types[0] }
    if (operation.security && token.value) headers.Authorization = `Bearer ${token.value}`
    if (body) headers['Content-Type'] = 'application/json'
    const query = new URLSearchParams()
    let address = path
    for (const { name, place, input } of inputs) {
      if (input.value === '') continue
      if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(input.value))
      if (place === 'query') query.set(name, input.value)
      if (place === 'header') headers[name] = input.value
    }
    try {
      await ask(
        `${address}${query.size > 0 ? `?${query}` : ''}`,
        { method, headers, signal: asking.signal, body: body?.value },
        answer,
      )
    } catch (error) {
      answer.textContent += `\n(${error.message})`
    }
  })
  const title = element('summary', {}, element('code', {}, `${method} ${path}`), ` ${operation.summary}`)
  return element('details', {}, title, form, answer)
}

/** Shows an answer as it comes: a live statement never ends by itself. */
async function ask(address, request, answer) {
  const response = await fetch(address, request)
  const position = response.headers.get('Writ-Position')
  answer.textContent = `${response.status} ${response.statusText}${position ? `\nWrit-Position: ${position}` : ''}\n\n`
  let text = ''
  for await (const chunk of chunksOf(response)) {
    text += chunk
    answer.textContent += chunk
  }
  if (address === '/api/sessions' && response.ok) token.value = JSON.parse(text).token
}

async function* chunksOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}
