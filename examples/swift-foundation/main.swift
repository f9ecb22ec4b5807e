// Asks a model that speaks OpenAI's API, with Foundation alone.
import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct Message: Codable { let role: String; let content: String }
struct Ask: Codable { let model: String; let messages: [Message]; let temperature: Double; let max_tokens: Int }
struct Choice: Codable { let message: Message }
struct Answer: Codable { let choices: [Choice] }

let words = CommandLine.arguments.dropFirst()
let question = words.isEmpty ? "What is the capital of France?" : words.joined(separator: " ")
let base = ProcessInfo.processInfo.environment["OPENAI_BASE_URL"] ?? "http://127.0.0.1:11434/v1"

var request = URLRequest(url: URL(string: base + "/chat/completions")!)
request.httpMethod = "POST"
request.timeoutInterval = 300
request.setValue("application/json", forHTTPHeaderField: "Content-Type")
request.httpBody = try JSONEncoder().encode(
    Ask(model: "gpt-4o-mini", messages: [Message(role: "user", content: question)], temperature: 0, max_tokens: 24))

let (data, reply) = try await URLSession.shared.data(for: request)
guard (reply as? HTTPURLResponse)?.statusCode == 200 else {
    fatalError("no answer: \(reply) \(String(decoding: data, as: UTF8.self))")
}
print(try JSONDecoder().decode(Answer.self, from: data).choices[0].message.content)
