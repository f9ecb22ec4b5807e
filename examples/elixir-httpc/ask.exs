# Asks a model that speaks OpenAI's API, with Erlang's httpc and Elixir's own JSON.
defmodule Ask do
  def question([]), do: "What is the capital of France?"
  def question(words), do: Enum.join(words, " ")

  def ask(question) do
    {:ok, _} = Application.ensure_all_started(:inets)
    base = System.get_env("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")

    body =
      JSON.encode!(%{
        model: "gpt-4o-mini",
        messages: [%{role: "user", content: question}],
        temperature: 0,
        max_tokens: 24
      })

    request = {String.to_charlist(base <> "/chat/completions"), [], ~c"application/json", body}

    case :httpc.request(:post, request, [timeout: 300_000], body_format: :binary) do
      {:ok, {{_, 200, _}, _, reply}} -> JSON.decode!(reply)
      other -> raise "no answer: #{inspect(other)}"
    end
  end
end

%{"choices" => [%{"message" => %{"content" => text}} | _]} = Ask.ask(Ask.question(System.argv()))
IO.puts(text)
