# The binary form of day_series: COPY takes its own output back, takes what an encoder written from
# the format in src/day_codec.h alone makes, and answers damaged bytes with 22P03 (22003 for a
# quantity out of range), whatever they are. INVTRACK_SEED repeats a run.

use strict;
use warnings;
use Math::BigInt;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{INVTRACK_SEED};
$seed = int(rand(1_000_000_000)) unless defined $seed && $seed =~ /^\d+$/;
note("INVTRACK_SEED=$seed");
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# What a file with one value gives: "ok", its bytes, and whether its text gives the same value; or
# the SQLSTATE.
$node->safe_psql('postgres', q{
    CREATE EXTENSION invtrack CASCADE;
    CREATE TABLE landing (series invtrack.day_series);
    CREATE FUNCTION try(path text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        landed landing;
    BEGIN
        DELETE FROM landing;
        EXECUTE format('COPY landing FROM %L (FORMAT binary)', path);
        SELECT * INTO STRICT landed FROM landing;
        RETURN format('ok %s %s', encode(invtrack_internal.day_series_send(landed.series), 'hex'),
            invtrack_internal.day_series_send(landed.series::text::invtrack.day_series)
                = invtrack_internal.day_series_send(landed.series));
    EXCEPTION WHEN OTHERS THEN
        RETURN SQLSTATE;
    END
    $$;
});

# The format, from the comment in src/day_codec.h. Numbers are Math::BigInt where they may be large.
sub varint
{
	my $value = Math::BigInt->new(shift);
	my $bytes = '';
	while ($value >= 128)
	{
		$bytes .= chr(128 + ($value % 128)->numify);
		$value = $value / 128;
	}
	return $bytes . chr($value->numify);
}

sub zigzag
{
	my $value = Math::BigInt->new(shift);
	return $value < 0 ? -2 * $value - 1 : 2 * $value;
}

# Of a scale and pairs of a day and a quantity in units of 10^-scale, oldest first.
sub pack_series
{
	my ($scale, @entries) = @_;
	return chr(1) . chr(0) . varint(0) unless @entries;
	my $total = Math::BigInt->new(0);
	$total += Math::BigInt->new($_->[1]) for @entries;
	my $bytes = chr(1) . chr($scale) . varint(scalar @entries) . varint($entries[-1][0])
	  . varint($entries[-1][0] - $entries[0][0]) . varint(zigzag($total));
	for my $i (reverse 0 .. $#entries)
	{
		my $gap = $i == $#entries ? 1 : $entries[ $i + 1 ][0] - $entries[$i][0];
		$bytes .= varint(zigzag($entries[$i][1]) * 2 + ($gap > 1 ? 1 : 0));
		$bytes .= varint($gap - 2) if $gap > 1;
	}
	return $bytes;
}

# Results of trying each of some payloads.
my $files = 0;
sub try_all
{
	my @paths;
	for my $payload (@_)
	{
		my $path = "$dir/" . $files++;
		open(my $file, '>', $path) or die "$path: $!";
		binmode $file;
		print $file "PGCOPY\n\xFF\r\n\0", pack('N N', 0, 0), pack('n', 1),
		  pack('N', length $payload), $payload, pack('n', 0xFFFF);
		close $file;
		push @paths, $path;
	}
	my @results = split /\n/, $node->safe_psql('postgres', join '', map { "SELECT try('$_');\n" } @paths);
	unlink @paths;
	return @results;
}

sub accepted { return 'ok ' . unpack('H*', shift) . ' t'; }

# 1. Its own output.
my $values = q{
    CREATE TABLE given (n integer GENERATED ALWAYS AS IDENTITY, series invtrack.day_series);
    INSERT INTO given (series) VALUES (NULL), ('{}'), ('{0001-01-01:0}'), ('{9999-12-31:-0.000001}'),
        ('{infinity:1}'), ('{0001-01-01:1,9999-12-31:2,infinity:3}'),
        ('{2026-01-03:1000000000000000000000000,2026-01-04:-1000000000000000000000000}'),
        ('{2026-01-03:5,2026-01-04:2.5}');
    INSERT INTO given (series)
    SELECT invtrack.day_series_agg(date '2020-01-01' + (d * step), (d * 7919 % 1000 - 400) / 10.0 ^ (step % 7))
      FROM generate_series(1, 14) step, generate_series(1, 400 * step) d GROUP BY step;
    CREATE TABLE taken (LIKE given);
};
$node->safe_psql('postgres', $values);
$node->safe_psql('postgres', "COPY given TO '$dir/given' (FORMAT binary); COPY taken FROM '$dir/given' (FORMAT binary)");
is( $node->safe_psql('postgres', q{
    SELECT count(*), count(t.series), count(*) FILTER (WHERE g.series IS NULL AND t.series IS NULL),
           count(*) FILTER (WHERE g.series OPERATOR(invtrack.=) t.series AND g.series::text = t.series::text)
      FROM given g JOIN taken t USING (n)}),
	'22|21|1|21', 'COPY in binary takes back what it gave');
cmp_ok($node->safe_psql('postgres', 'SELECT max(pg_column_size(series)) FROM taken'), '>', 8192,
	'some of it larger than a page');

# 2. What the format says, made elsewhere. Day 0 is 0001-01-01, 3652058 is 9999-12-31, then "no date".
my $example_day = 739618;    # 2026-01-03
is($node->safe_psql('postgres', "SELECT date '2026-01-03' - date '0001-01-01'"), $example_day, 'day of the example');
my %written = (
	'{}' => pack_series(0),
	'{2026-01-03:5,2026-01-04:2.5}' => pack_series(1, [ $example_day, 50 ], [ $example_day + 1, 25 ]),
	'{0001-01-01:-1}' => pack_series(0, [ 0, -1 ]),
	'{0001-01-01:0,infinity:0}' => pack_series(0, [ 0, 0 ], [ 3652059, 0 ]),
	'{9999-12-31:0.000001,infinity:3}' => pack_series(6, [ 3652058, 1 ], [ 3652059, 3000000 ]),
	'{2026-01-03:1000000000000000000000000}' => pack_series(0, [ $example_day, '1' . '0' x 24 ]),
	'{2026-01-03:-999999999999999999999999.999999}' => pack_series(6, [ $example_day, '-' . '9' x 30 ]),
	'{2026-01-03:63,2026-01-05:64}' => pack_series(0, [ $example_day, 63 ], [ $example_day + 2, 64 ]));
for my $text (sort keys %written)
{
	is( $node->safe_psql('postgres', "SELECT encode(invtrack_internal.day_series_send('$text'), 'hex')"),
		unpack('H*', $written{$text}), "$text is sent as the format says");
	is((try_all($written{$text}))[0], accepted($written{$text}), "$text is taken");
}
my @random;
for (1 .. 100)
{
	my $scale = int(rand(7));
	my $day = int(rand(3_600_000));
	my @entries = map { [ $day += (rand() < 0.5 ? 1 : 1 + int(rand(300))),
			int(rand(3)) ? int(rand(2000)) - 500 : int(rand(2**50)) - 2**49 ] } 1 .. 1 + int(rand(30));
	# a last decimal, so that no smaller scale would do
	$entries[0][1] = 10 * $entries[0][1] + 3;
	push @random, pack_series($scale, @entries);
}
my @results = try_all(@random);
is(scalar(grep { $results[$_] ne accepted($random[$_]) } 0 .. $#random), 0, 'random series are taken');

# 3. Damaged in ways that matter. The good value: 2.5 on the newer day, 5 on the day before.
my $good = $written{'{2026-01-03:5,2026-01-04:2.5}'};
my @day = (varint($example_day + 1), varint($example_day));
my $header = "\1\1\2$day[0]\1";
is($good, $header . varint(150) . varint(100) . varint(200), 'the good value, byte for byte');
my $huge = '1' . '0' x 23 . '1';    # digits: 25
my @damaged = (
	[ 'nothing', '' ],
	(map { [ "only $_ bytes", substr($good, 0, $_) ] } 1 .. length($good) - 1),
	[ 'a trailing zero', "$good\0" ],
	[ 'itself twice', "$good$good" ],
	(map { [ "version $_", chr($_) . substr($good, 1) ] } 0, 2, 128, 255),
	(map { [ "scale $_", "\1" . chr($_) . substr($good, 2) ] } 7, 128, 255),
	[ 'a scale of no use', "\1\2\2$day[0]\1" . varint(1500) . varint(1000) . varint(2000) ],
	[ 'no days, with a scale', "\1\1\0" ],
	[ 'no days, and more bytes', "\1\0\0\0" ],
	[ 'no days, in two bytes', "\1\0\x80\0" ],
	[ 'a count with a superfluous byte', "\1\1\x82\0$day[0]\1" . varint(150) . varint(100) . varint(200) ],
	[ 'a day with a superfluous byte', "\1\1\2" . substr($day[0], 0, -1) . chr(ord(substr($day[0], -1)) | 128) . "\0\1" . varint(150) . varint(100) . varint(200) ],
	[ 'a span with a superfluous byte', "\1\1\2$day[0]\x81\0" . varint(150) . varint(100) . varint(200) ],
	[ 'a total with a superfluous byte', "$header\x96\x81\0" . varint(100) . varint(200) ],
	[ 'a token with a superfluous byte', $header . varint(150) . "\xE4\0" . varint(200) ],
	[ 'a day too many', "\1\1\3$day[0]\1" . varint(150) . varint(100) . varint(200) ],
	[ 'a day too few', "\1\1\1$day[0]\1" . varint(150) . varint(100) . varint(200) ],
	(map { [ "a count of $_", "\1\1" . varint($_) . "$day[0]\1" . varint(150) . varint(100) . varint(200) ] }
	  3652060, 3652061, '2147483647', '2147483648', '4294967295', '4294967298', '9223372036854775807',
	  '18446744073709551618', '170141183460469231731687303715884105730', '340282366920938463463374607431768211455'),
	[ 'a count that never ends', "\1\1" . "\xFF" x 100 ],
	[ 'a count of more than 128 bits', "\1\1" . "\x82" . "\x80" x 17 . "\4$day[0]\1" . varint(150) . varint(100) . varint(200) ],
	(map { [ "a last day of $_", "\1\1\2" . varint($_) . "\1" . varint(150) . varint(100) . varint(200) ] }
	  3652060, 4294967297, 0),
	(map { [ "a span of $_", "\1\1\2$day[0]" . varint($_) . varint(150) . varint(100) . varint(200) ] }
	  0, 2, $example_day + 1, $example_day + 2, '4294967297'),
	(map { [ "a total of $_", $header . varint(zigzag($_)) . varint(100) . varint(200) ] }
	  0, 74, 76, -75, Math::BigInt->new(2)->bpow(64)->badd(75)),
	[ 'a total that no two days add up to', $header . varint(zigzag(Math::BigInt->new(2)->bpow(127)->bsub(1))) . varint(100) . varint(200), '22003' ],
	[ 'a gap before the newest day', $header . varint(150) . varint(101) . "\0" . varint(200) ],
	[ 'a gap that is not there', $header . varint(150) . varint(100) . varint(201) ],
	[ 'a gap too long', $header . varint(150) . varint(100) . varint(201) . "\0" ],
	[ 'a gap below the first day there is', "\1\1\2\1\1" . varint(150) . varint(100) . varint(201) . "\0" ],
	[ 'a gap of 2^32', "\1\1\2$day[0]\1" . varint(150) . varint(100) . varint(201) . varint('4294967295') ],
	[ 'a newest day with a gap of 0, alone', "\1\0\1$day[0]\0" . varint(2) . varint(5) . "\0" ],
	[ 'a quantity out of range', pack_series(0, [ $example_day, $huge ]), '22003' ],
	[ 'a quantity out of range below 0', pack_series(0, [ $example_day, "-$huge" ]), '22003' ],
	[ 'a quantity out of range with decimals', pack_series(6, [ $example_day, '1' . '0' x 29 . '1' ]), '22003' ],
	[ 'quantities out of range that add up to 0', pack_series(0, [ $example_day, $huge ], [ $example_day + 1, "-$huge" ]), '22003' ],
	[ 'a quantity of 126 bits', pack_series(0, [ $example_day, Math::BigInt->new(2)->bpow(125)->bsub(1) ]), '22003' ],
	[ 'a token of 129 bits', "\1\0\1$day[0]\0\0" . "\x80" x 18 . "\4" ]);
@results = try_all(map { $_->[1] } @damaged);
is($results[$_], $damaged[$_][2] // '22P03', "$damaged[$_][0] is refused") for 0 .. $#damaged;

# 4. Every single bit of two values, and random damage: a clean error, or a value that is exactly the
# bytes that came and that its own text gives again.
my @flipped;
for my $payload ($good, pack_series(0, [ 0, 1 ], [ 3652058, 2 ], [ 3652059, 3 ]))
{
	for my $bit (0 .. 8 * length($payload) - 1)
	{
		my $copy = $payload;
		vec($copy, $bit, 1) ^= 1;
		push @flipped, $copy;
	}
}
my @mutated;
for (1 .. 600)
{
	my $payload = $random[ int(rand(@random)) ];
	for (0 .. int(rand(3)))
	{
		my $place = int(rand(length($payload) || 1));
		my $kind = int(rand(7));
		if ($kind == 0 && length $payload) { vec($payload, 8 * $place + int(rand(8)), 1) ^= 1 }
		elsif ($kind == 1) { substr($payload, $place, 1) = chr(int(rand(256))) }
		elsif ($kind == 2) { substr($payload, $place, 1) = '' }
		elsif ($kind == 3) { substr($payload, $place, 0) = chr(int(rand(256))) x (1 + int(rand(3))) }
		elsif ($kind == 4) { $payload = substr($payload, 0, $place) }
		elsif ($kind == 5) { $payload .= chr(int(rand(256))) }
		else
		{
			my $other = $random[ int(rand(@random)) ];
			$payload = substr($payload, 0, $place) . substr($other, int(rand(length $other)));
		}
	}
	push @mutated, $payload;
}
# Damage that the total does not give away: two tokens of one byte change places or values.
for (1 .. 100)
{
	my @entries = map { [ $example_day + $_, int(rand(30)) - 5 ] } 0 .. 5;
	my $payload = pack_series(0, @entries);
	my ($a, $b) = map { length($payload) - 6 + int(rand(6)) } 1, 2;
	(substr($payload, $a, 1), substr($payload, $b, 1)) = (substr($payload, $b, 1), substr($payload, $a, 1));
	push @mutated, $payload;
}
for my $set ([ 'one flipped bit', @flipped ], [ 'random damage', @mutated ])
{
	my ($name, @payloads) = @$set;
	my ($taken, $refused, @wrong) = (0, 0);
	@results = try_all(@payloads);
	for my $i (0 .. $#payloads)
	{
		if ($results[$i] eq accepted($payloads[$i])) { $taken++ }
		elsif ($results[$i] =~ /^(22P03|22003)$/) { $refused++ }
		else { push @wrong, unpack('H*', $payloads[$i]) . ": $results[$i]" }
	}
	note("$name: $taken taken, $refused refused");
	is(scalar @results, scalar @payloads, "$name: as many answers as values");
	is(join("\n", @wrong), '', "$name is taken whole or refused") or diag("repeat with INVTRACK_SEED=$seed");
	cmp_ok($taken, '>', 0, "$name: some is taken");
	cmp_ok($refused, '>', 100, "$name: much is refused");
}

unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC:|TRAP:/, 'no server process died');
$node->stop;
done_testing();
