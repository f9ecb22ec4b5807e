# Asks a model that speaks OpenAI's API and prints the answer as it comes, with Crystal's standard library.
require "http/client"
require "json"

question = ARGV.empty? ? "What is the capital of France?" : ARGV.join(" ")
base = ENV.fetch("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")
body = {
  model:       "gpt-4o-mini",
  messages:    [{role: "user", content: question}],
  temperature: 0,
  max_tokens:  24,
  stream:      true,
}

headers = HTTP::Headers{"Content-Type" => "application/json"}
HTTP::Client.post("#{base}/chat/completions", headers: headers, body: body.to_json) do |reply|
  abort "no answer: #{reply.status} #{reply.body_io.gets_to_end}" unless reply.success?
  reply.body_io.each_line do |line|
    next unless line.starts_with?("data: {")
    JSON.parse(line[6..])["choices"].as_a.each do |choice|
      print choice.dig?("delta", "content")
      STDOUT.flush
    end
  end
end
puts
