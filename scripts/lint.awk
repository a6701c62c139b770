# Rules for src/*.c that no compiler knows. Prints a line for each breach.
#
# - A file has at most 450 lines, a function at most 80, a line 100 columns; a message stays in one line, so that it is found.
# - ereport(ERROR), and ereturn(), has an errcode: what a user meets has an SQLSTATE.
# - What SPI found is read with result_...() of statement.c, which checks types and nulls; rows of triggers in trigger.c.
# - elog(ERROR) is for what cannot happen, and a comment there says so: "cannot happen: ..." with the reason.

function breach(line, text) {
	printf "%s:%d: %s\n", FILENAME, line, text
}

FNR == 1 {
	opened = 0
	explained = -9
	in_report = 0
}

FNR == 451 {
	breach(FNR, "the file has more than 450 lines")
}

# The columns of a line, with tab stops each 4.
function columns(line,   n, i) {
	n = 0
	for (i = 1; i <= length(line); i++)
		n += substr(line, i, 1) == "\t" ? 4 - n % 4 : 1
	return n
}

length($0) > 60 && !/"[^"]+ [^"]+"/ {
	if (columns($0) > 100)
		breach(FNR, "the line has more than 100 columns")
}

/SPI_getbinval|SPI_getvalue|slot_getattr/ && FILENAME !~ /statement\.c$/ && !(/SPI_getvalue/ && FILENAME ~ /trigger\.c$/) {
	breach(FNR, "a result that is not read with result_...() of statement.c")
}

/^{/ {
	opened = FNR
}

/^}/ {
	if (opened && FNR - opened - 1 > 80)
		breach(opened, "the function has " FNR - opened - 1 " lines, more than 80")
	opened = 0
}

/cannot happen: / {
	explained = FNR
}

/elog\((ERROR|FATAL|PANIC)/ && FNR - explained > 2 {
	breach(FNR, "elog() without a comment \"cannot happen: ...\"; for what can, use ereport()")
}

/ereport\((ERROR|FATAL|PANIC)|ereturn\(/ {
	in_report = FNR
	has_code = 0
}

in_report {
	if (/errcode\(/)
		has_code = 1
	if (/;[ \t]*$/) {
		if (!has_code)
			breach(in_report, "an error without errcode")
		in_report = 0
	}
}
