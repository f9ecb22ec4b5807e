// Asks a model that speaks OpenAI's API, with .NET's own HttpClient and System.Text.Json.
using System;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

static class Ask
{
    static async Task<int> Main(string[] words)
    {
        var question = words.Length > 0 ? string.Join(" ", words) : "What is the capital of France?";
        var address = Environment.GetEnvironmentVariable("OPENAI_BASE_URL") ?? "http://127.0.0.1:11434/v1";
        var body = JsonSerializer.Serialize(new
        {
            model = "gpt-4o-mini",
            messages = new[] { new { role = "user", content = question } },
            temperature = 0,
            max_tokens = 24,
        });

        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await client.PostAsync(address + "/chat/completions", content);
        var text = await reply.Content.ReadAsStringAsync();
        if (!reply.IsSuccessStatusCode)
        {
            Console.Error.WriteLine($"no answer: {reply.StatusCode} {text}");
            return 1;
        }
        using var answer = JsonDocument.Parse(text);
        var choice = answer.RootElement.GetProperty("choices")[0];
        Console.WriteLine(choice.GetProperty("message").GetProperty("content").GetString());
        return 0;
    }
}
