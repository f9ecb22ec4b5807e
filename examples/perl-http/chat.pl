#!/usr/bin/env perl
# Asks the model beside it with what comes with Perl, and prints the answer as it comes.
use v5.36;
use FindBin;
use HTTP::Tiny;
use JSON::PP;
use lib "$FindBin::Bin/lib";
use Events;

my $question = shift // "What is 2+2?";
my $json = JSON::PP->new->utf8;
$| = 1;
my $events = Events->new(sub ($data) { print $json->decode($data)->{choices}[0]{delta}{content} // "" });
my $answer = HTTP::Tiny->new(timeout => 300)->post(
    "$ENV{OPENAI_BASE_URL}/chat/completions",
    {
        headers => { "Content-Type" => "application/json", Authorization => "Bearer $ENV{OPENAI_API_KEY}" },
        content => $json->encode({
            model => "smollm2", stream => JSON::PP::true, max_tokens => 48, temperature => 0,
            messages => [{ role => "user", content => $question }],
        }),
        data_callback => sub ($piece, $response) { $events->feed($piece) },
    },
);
die "the model answered $answer->{status} $answer->{reason}\n" unless $answer->{success};
print "\n";
