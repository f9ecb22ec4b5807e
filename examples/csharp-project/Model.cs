using System;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace Ask
{
    /// <summary>A model that speaks OpenAI's API.</summary>
    static class Model
    {
        static readonly HttpClient client = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };

        public static async Task<string> Answer(string question)
        {
            var address = Environment.GetEnvironmentVariable("OPENAI_BASE_URL") ?? "http://127.0.0.1:11434/v1";
            var body = JsonSerializer.Serialize(new
            {
                model = "gpt-4o-mini",
                messages = new[] { new { role = "user", content = question } },
                temperature = 0,
                max_tokens = 24,
            });
            var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var reply = await client.PostAsync(address + "/chat/completions", content);
            reply.EnsureSuccessStatusCode();
            using var answer = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
            return answer.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
        }
    }
}
