% Asks the model beside it through Octave's sockets package; jsonencode and jsondecode come with Octave.
pkg load sockets

arguments = argv ();
question = "What is 2+2?";
if numel (arguments) > 0
  question = arguments{1};
end
asked.model = "smollm2";
asked.max_tokens = 48;
asked.temperature = 0;
asked.messages = {struct("role", "user", "content", question)};
body = jsonencode (asked);

place = regexp (getenv ("OPENAI_BASE_URL"), '^http://([^:/]+):(\d+)(.*)$', 'tokens'){1};
server = socket (AF_INET, SOCK_STREAM, 0);
connect (server, struct ("addr", place{1}, "port", str2double (place{2})));
send (server, uint8 (sprintf ("POST %s/chat/completions HTTP/1.0\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", place{3}, place{1}, numel (body), body)));
answer = "";
do
  [piece, count] = recv (server, 65536);
  answer = [answer, char(piece)];
until count <= 0
disconnect (server);

parts = regexp (answer, "^(.*?)\r\n\r\n(.*)$", "tokens"){1};
if isempty (strfind (parts{1}, " 200 "))
  error ("the model answered %s", parts{1});
end
disp (jsondecode (parts{2}).choices(1).message.content);
