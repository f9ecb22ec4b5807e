require "net/http"
require "json"
uri = URI("https://api.openai.com/v1/chat/completions")
r = Net::HTTP.post(uri, {model: "gpt-4o", max_tokens: 8, messages: [{role: "user", content: "Say hello"}]}.to_json, "Content-Type" => "application/json")
puts r.body
