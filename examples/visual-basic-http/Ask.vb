' Asks a model that speaks OpenAI's API, with .NET's own HttpClient and System.Text.Json.
Imports System
Imports System.Collections.Generic
Imports System.Net.Http
Imports System.Text
Imports System.Text.Json

Module Ask
    Function Main(words As String()) As Integer
        Dim question = If(words.Length > 0, String.Join(" ", words), "What is the capital of France?")
        Dim address = If(Environment.GetEnvironmentVariable("OPENAI_BASE_URL"), "http://127.0.0.1:11434/v1")
        Dim body = JsonSerializer.Serialize(New Dictionary(Of String, Object) From {
            {"model", "gpt-4o-mini"},
            {"messages", {New With {.role = "user", .content = question}}},
            {"temperature", 0},
            {"max_tokens", 24}
        })

        Using client As New HttpClient With {.Timeout = TimeSpan.FromMinutes(5)}
            Dim content = New StringContent(body, Encoding.UTF8, "application/json")
            Dim reply = client.PostAsync(address & "/chat/completions", content).Result
            Dim text = reply.Content.ReadAsStringAsync().Result
            If Not reply.IsSuccessStatusCode Then
                Console.Error.WriteLine($"no answer: {reply.StatusCode} {text}")
                Return 1
            End If
            Using answer = JsonDocument.Parse(text)
                Dim choice = answer.RootElement.GetProperty("choices")(0)
                Console.WriteLine(choice.GetProperty("message").GetProperty("content").GetString())
            End Using
        End Using
        Return 0
    End Function
End Module
