defmodule Ask.MixProject do
  use Mix.Project

  def project do
    [app: :ask, version: "0.1.0", elixir: "~> 1.15", escript: [main_module: Ask], deps: []]
  end

  def application, do: [extra_applications: [:inets, :ssl]]
end
