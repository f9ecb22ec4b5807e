# Asks the model beside it with fetch, and prints the answer as it comes.
question = process.argv[2] ? 'What is 2+2?'
ask = ->
  answer = await fetch "#{process.env.OPENAI_BASE_URL}/chat/completions",
    method: 'POST'
    headers:
      'Content-Type': 'application/json'
      Authorization: "Bearer #{process.env.OPENAI_API_KEY}"
    body: JSON.stringify
      model: 'smollm2'
      stream: true
      max_tokens: 48
      temperature: 0
      messages: [{ role: 'user', content: question }]
  throw new Error "the model answered #{answer.status}" unless answer.ok
  decoder = new TextDecoder
  rest = ''
  for await piece from answer.body
    lines = (rest + decoder.decode piece, stream: true).split '\n'
    rest = lines.pop()
    for line in lines when line.startsWith 'data: {'
      process.stdout.write JSON.parse(line.slice 6).choices[0].delta.content ? ''
  console.log()
ask()
