#!/usr/bin/env ruby
# Asks the model beside it with Ruby's own net/http, and prints the answer as it comes.
require "json"
require "net/http"

base = ENV.fetch("OPENAI_BASE_URL", "http://localhost:11434/v1")
uri = URI("#{base}/chat/completions")
question = ARGV.empty? ? "What is 2+2?" : ARGV.join(" ")
request = Net::HTTP::Post.new(uri, "Content-Type" => "application/json", "Authorization" => "Bearer #{ENV["OPENAI_API_KEY"]}")
request.body = JSON.generate(model: "smollm2", stream: true, max_tokens: 48, temperature: 0,
                             messages: [{ role: "user", content: question }])

$stdout.sync = true
rest = +""
Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", read_timeout: 300) do |http|
  http.request(request) do |response|
    abort "the model answered #{response.code}: #{response.body}" unless response.is_a?(Net::HTTPSuccess)
    response.read_body do |piece|
      rest << piece
      while (line = rest.slice!(/\A.*\n/))
        data = line[/\Adata: (\{.*)/, 1] or next
        print JSON.parse(data).dig("choices", 0, "delta", "content")
      end
    end
  end
end
puts
