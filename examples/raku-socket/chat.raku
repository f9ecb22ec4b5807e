#!/usr/bin/env raku
# Asks the model beside it through Raku's own sockets; JSON by JSON::Fast.
use JSON::Fast;

sub MAIN($question = "What is 2+2?") {
    %*ENV<OPENAI_BASE_URL> ~~ / 'http://' $<host>=<-[:/]>+ ':' $<port>=\d+ $<path>=.* / or die "no address";
    my $body = to-json({
        model => "smollm2", max_tokens => 48, temperature => 0,
        messages => [{ role => "user", content => $question },],
    }).encode;
    my $socket = IO::Socket::INET.new(host => ~$<host>, port => +$<port>);
    $socket.print("POST $<path>/chat/completions HTTP/1.0\r\nHost: $<host>\r\n"
        ~ "Content-Type: application/json\r\nContent-Length: {$body.bytes}\r\n\r\n");
    $socket.write($body);
    my $answer = Buf.new;
    while $socket.recv(:bin) -> $piece { $answer ~= $piece }
    $socket.close;
    my ($head, $json) = $answer.decode.split("\r\n\r\n", 2);
    die "the model answered $head" unless $head.contains(" 200 ");
    say from-json($json)<choices>[0]<message><content>;
}
