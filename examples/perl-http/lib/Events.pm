package Events;
# Server-sent events, however they are cut into pieces.
use v5.36;

sub new ($class, $on_data) { bless { rest => "", on_data => $on_data }, $class }

sub feed ($self, $piece) {
    $self->{rest} .= $piece;
    while ($self->{rest} =~ s/\A([^\n]*)\n//) {
        my $line = $1;
        $self->{on_data}->($1) if $line =~ /\Adata: (\{.*)/;
    }
}

1;
