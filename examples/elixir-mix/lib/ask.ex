defmodule Ask do
  @moduledoc "Asks a model that speaks OpenAI's API."

  def main(words) do
    question = if words == [], do: "What is the capital of France?", else: Enum.join(words, " ")
    IO.puts(Ask.Model.answer(question))
  end
end
