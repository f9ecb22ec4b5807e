(* Asks a model that speaks the API of OpenAI, with cohttp and yojson. *)

open Lwt.Infix

let question =
  match List.tl (Array.to_list Sys.argv) with
  | [] -> "What is the capital of France?"
  | words -> String.concat " " words

let base = Option.value (Sys.getenv_opt "OPENAI_BASE_URL") ~default:"http://127.0.0.1:11434/v1"

let body =
  `Assoc
    [ ("model", `String "gpt-4o-mini");
      ("messages", `List [ `Assoc [ ("role", `String "user"); ("content", `String question) ] ]);
      ("temperature", `Int 0);
      ("max_tokens", `Int 32) ]

let ask () =
  let headers = Cohttp.Header.of_list [ ("content-type", "application/json") ] in
  let body = Cohttp_lwt.Body.of_string (Yojson.Safe.to_string body) in
  Cohttp_lwt_unix.Client.post ~chunked:false ~headers ~body (Uri.of_string (base ^ "/chat/completions"))
  >>= fun (reply, body) ->
  Cohttp_lwt.Body.to_string body >|= fun text ->
  match Cohttp.Code.code_of_status (Cohttp.Response.status reply) with
  | 200 ->
    let open Yojson.Safe.Util in
    Yojson.Safe.from_string text |> member "choices" |> index 0 |> member "message" |> member "content" |> to_string
  | status -> failwith (Printf.sprintf "HTTP %d: %s" status text)

let () = print_endline (Lwt_main.run (ask ()))
