%% Asks a model that speaks OpenAI's API, with inets and the json module of OTP 27.
-module(ask).
-export([main/1]).

main(Words) ->
    {ok, _} = application:ensure_all_started(inets),
    Url = os:getenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1") ++ "/chat/completions",
    Body = iolist_to_binary(json:encode(#{
        model => <<"gpt-4o-mini">>,
        messages => [#{role => <<"user">>, content => question(Words)}],
        temperature => 0,
        max_tokens => 24
    })),
    case httpc:request(post, {Url, [], "application/json", Body}, [{timeout, 300000}], [{body_format, binary}]) of
        {ok, {{_, 200, _}, _, Reply}} ->
            #{<<"choices">> := [#{<<"message">> := #{<<"content">> := Text}} | _]} = json:decode(Reply),
            io:format("~ts~n", [Text]);
        Other ->
            io:format(standard_error, "no answer: ~tp~n", [Other]),
            halt(1)
    end.

question([]) -> <<"What is the capital of France?">>;
question(Words) -> unicode:characters_to_binary(lists:join(" ", Words)).
