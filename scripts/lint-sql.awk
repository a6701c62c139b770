# The rules of SQL text that src/*.c sends. Prints a line for each breach.
#
# - Tables, functions, types and collations are named with their schemas.
# - So are operators: OPERATOR(pg_catalog.=). IN, CASE x WHEN, BETWEEN, IS DISTINCT FROM, LIKE, NULLIF, JOIN USING and
#   NATURAL JOIN look for an operator by its bare name, along the caller's search_path. GREATEST, LEAST, DISTINCT,
#   GROUP BY, ORDER BY and ON CONFLICT go by the default operator class of a type, so they are left alone.
#
# String literals that stand side by side, with macros between them, are one text. It is SQL if it has a word that only
# SQL has; the arguments of functions that report to people are none. After a comment "for people: ..." a text is none, up to the end of the statement.

function breach(text) {
	printf "%s:%d: in SQL: %s\n", FILENAME, start, text
}

# Is this word a part of the language, which may stand before a parenthesis?
function is_grammar(word) {
	return index(" all and any array as by coalesce conflict else exists filter from greatest in lateral least materialized not " \
		"on only operator or over returning row select set then using values when where with array ", " " tolower(word) " ") > 0
}

# The tables of the text that WITH names itself.
function find_names(sql, name) {
	split("", names)
	while (match(sql, /[a-z_]+ AS (MATERIALIZED )?\(/)) {
		name = substr(sql, RSTART, RLENGTH)
		sub(/ .*/, "", name)
		names[name] = 1
		sql = substr(sql, RSTART + RLENGTH)
	}
}

# Operators by token, since SET a = b is none.
function check_operators(sql, token, before, before2, depth, set_depth, is_set) {
	depth = 0
	set_depth = -1
	while (sql != "") {
		if (match(sql, /^[ \t]+/)) {
			sql = substr(sql, RLENGTH + 1)
			continue
		}
		if (!match(sql, /^([A-Za-z_0-9.$"]+|[-+*\/<>=~!@#%^&|`?]+|::)/))
			RLENGTH = 1
		token = substr(sql, 1, RLENGTH)
		sql = substr(sql, RLENGTH + 1)
		if (token == "(")
			depth++
		else if (token == ")") {
			depth--
			if (depth < set_depth)
				set_depth = -1
		} else if (token == "SET")
			set_depth = depth
		else if (depth == set_depth && token ~ /^(FROM|WHERE|RETURNING)$/)
			set_depth = -1
		else if (token ~ /^[-+*\/<>=~!@#%^&|`?]+$/) {
			is_set = token == "=" && set_depth == depth && before2 ~ /^(SET|,)$/
			if (!is_set && token != "=>" && !(token == "*" && before ~ /(^\(|\.|^SELECT)$/))
				breach("operator " token " without OPERATOR(pg_catalog." token ")")
		}
		before2 = before
		before = token
	}
}

function check_calls(sql, text, word) {
	text = sql
	while (match(text, /[A-Za-z_."]+[ ]?\(/)) {
		word = substr(text, RSTART, RLENGTH - 1)
		sub(/ $/, "", word)
		if (word !~ /\./ && !is_grammar(word) && substr(text, 1, RSTART - 1) !~ /(^|[ (])(AS|RETURNING) $/ &&
			substr(text, 1, RSTART - 1) !~ /INTO [a-z_."]+ $/)
			breach("function " word "() without its schema")
		text = substr(text, RSTART + RLENGTH)
	}
}

function check_names(sql, text, word) {
	text = sql
	while (match(text, /(FROM|JOIN|INTO|UPDATE|USING) (ONLY )?[a-z_]+[.a-z_]*/)) {
		word = substr(text, RSTART, RLENGTH)
		sub(/.* /, "", word)
		if (word !~ /\./ && !(word in names))
			breach("table " word " without its schema")
		text = substr(text, RSTART + RLENGTH)
	}
	text = sql
	while (match(text, /::[ ]*[a-z_A-Z"]+[.a-z_]*/)) {
		word = substr(text, RSTART + 2, RLENGTH - 2)
		if (word !~ /\./)
			breach("type " word " without its schema")
		text = substr(text, RSTART + RLENGTH)
	}
}

function check_sql(sql) {
	gsub(/'[^']*'/, "''", sql)
	find_names(sql)
	gsub(/OPERATOR\([a-z_]+\.[^a-z()]+\)/, " ", sql)
	gsub(/%[sd]/, "", sql)
	if (sql ~ /(^|[^A-Z_])IN \(/)
		breach("IN: write OPERATOR(pg_catalog.=) ANY")
	if (sql ~ /CASE +[^W ]/)
		breach("CASE x WHEN: write CASE WHEN with a qualified operator")
	if (sql ~ /(BETWEEN|DISTINCT FROM|I?LIKE|SIMILAR TO|OVERLAPS|NATURAL)([^A-Z_]|$)/)
		breach("BETWEEN, IS DISTINCT FROM, LIKE and their kind: write qualified operators")
	if (sql ~ /(^|[^A-Za-z_.])(NULLIF|nullif|CAST|cast) ?\(/)
		breach("nullif(), cast(): write what they stand for, qualified")
	if (sql ~ /JOIN [^()]* USING \(/)
		breach("JOIN USING: write ON with a qualified operator")
	if (sql ~ /COLLATE +\\?"/)
		breach("COLLATE without the schema of the collation")
	if (sql ~ /(^|[^A-Za-z_.])(date|time|timestamp|timestamptz|interval|numeric|text|oid|regclass) +''/)
		breach("a constant by the name of its type: write ''::pg_catalog.type")
	check_operators(sql)
	check_calls(sql)
	check_names(sql)
}

function end_text() {
	if (text != "" && !for_people &&
		text ~ /(SELECT|INSERT INTO|DELETE FROM|UPDATE [a-z_]+\.|UPDATE SET|WHERE|OPERATOR\(|pg_catalog\.|invtrack(_internal)?\.| AND )/)
		check_sql(text)
	text = ""
}

FNR == 1 {
	text = ""
	comment = 0
	calls = 0
	for_people = 0
}

{
	line = $0
	while (line != "") {
		if (comment) {
			if (!match(line, /\*\//)) {
				line = ""
				break
			}
			line = substr(line, RSTART + 2)
			comment = 0
			continue
		}
		if (match(line, /^[ \t]+/) || match(line, /^\\$/)) {
			line = substr(line, RLENGTH + 1)
			continue
		}
		if (line ~ /^\/\*/) {
			if (line ~ /for people: /)
				for_people = 2
			comment = 1
			line = substr(line, 3)
			continue
		}
		if (match(line, /^"([^"\\]|\\.)*"/)) {
			if (text == "")
				start = FNR
			text = text substr(line, 2, RLENGTH - 2)
			line = substr(line, RLENGTH + 1)
			gsub(/\\"/, "\"", text)
			gsub(/\\[nt]/, " ", text)
			continue
		}
		# a macro between two literals stands for some expression; with arguments too
		if (text != "" && match(line, /^[A-Z_a-z]+(\([^()]*\))?[ \t\\]*("|$)/) && line !~ /^(else|return)/) {
			match(line, /^[A-Z_a-z]+(\([^()]*\))?/)
			text = text " x "
			line = substr(line, RLENGTH + 1)
			continue
		}
		end_text()
		if (match(line, /^[A-Za-z_]+\(/)) {
			if (line ~ /^(err[a-z]+|elog|refuse_[a-z]+|report_[a-z]+)\(/ && !for_people) {
				for_people = 1
				level = calls
			}
			calls++
			line = substr(line, RLENGTH + 1)
			continue
		}
		if (line ~ /^\(/)
			calls++
		else if (line ~ /^\)/) {
			calls--
			if (for_people == 1 && calls == level)
				for_people = 0
		} else if (line ~ /^;/ && for_people == 2)
			for_people = 0
		if (!match(line, /^[A-Za-z_0-9]+/))
			RLENGTH = 1
		line = substr(line, RLENGTH + 1)
	}
}
