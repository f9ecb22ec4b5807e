use strict;
use warnings;
use JSON::PP;
use LWP::UserAgent;
my $body = { model => "gpt-4o", max_tokens => 8, messages => [ { role => "user", content => "Say hello" } ] };
my $reply = LWP::UserAgent->new->post(
    "https://api.openai.com/v1/chat/completions",
    "Content-Type" => "application/json",
    Content        => encode_json($body)
);
print $reply->content, "\n";
