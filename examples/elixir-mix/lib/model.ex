defmodule Ask.Model do
  @moduledoc "One question, one answer."

  def answer(question) do
    base = System.get_env("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")

    body =
      JSON.encode!(%{
        model: "gpt-4o-mini",
        messages: [%{role: "user", content: question}],
        temperature: 0,
        max_tokens: 24
      })

    request = {String.to_charlist(base <> "/chat/completions"), [], ~c"application/json", body}
    {:ok, {{_, 200, _}, _, reply}} = :httpc.request(:post, request, [timeout: 300_000], body_format: :binary)
    %{"choices" => [%{"message" => %{"content" => text}} | _]} = JSON.decode!(reply)
    text
  end
end
