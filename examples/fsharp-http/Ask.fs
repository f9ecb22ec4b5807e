// Asks a model that speaks OpenAI's API, with .NET's own HttpClient and System.Text.Json.
module Ask

open System
open System.Net.Http
open System.Text
open System.Text.Json

[<EntryPoint>]
let main words =
    let question = if Array.isEmpty words then "What is the capital of France?" else String.concat " " words

    let address =
        match Environment.GetEnvironmentVariable "OPENAI_BASE_URL" with
        | null -> "http://127.0.0.1:11434/v1"
        | given -> given

    let body =
        {| model = "gpt-4o-mini"
           messages = [| {| role = "user"; content = question |} |]
           temperature = 0
           max_tokens = 24 |}

    use client = new HttpClient(Timeout = TimeSpan.FromMinutes 5.0)
    use content = new StringContent(JsonSerializer.Serialize body, Encoding.UTF8, "application/json")
    use reply = client.PostAsync(address + "/chat/completions", content).Result
    let text = reply.Content.ReadAsStringAsync().Result

    if not reply.IsSuccessStatusCode then
        eprintfn "no answer: %O %s" reply.StatusCode text
        1
    else
        use answer = JsonDocument.Parse text
        let choice = answer.RootElement.GetProperty("choices").[0]
        printfn "%s" (choice.GetProperty("message").GetProperty("content").GetString())
        0
