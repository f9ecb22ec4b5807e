#!/usr/bin/env swipl
% Asks the model beside it with SWI-Prolog's HTTP client.
:- use_module(library(http/http_open)).
:- use_module(library(http/http_client)).
:- use_module(library(http/http_json)).
:- initialization(main, main).

main(Arguments) :-
    ( Arguments = [Question|_] -> true ; Question = 'What is 2+2?' ),
    getenv('OPENAI_BASE_URL', Base),
    atom_concat(Base, '/chat/completions', Url),
    http_post(Url,
              json(_{model: smollm2, max_tokens: 48, temperature: 0,
                     messages: [_{role: user, content: Question}]}),
              Answer, [json_object(dict), timeout(300)]),
    [Choice|_] = Answer.choices,
    writeln(Choice.message.content).
