# A server of one's own: a copy of PostgreSQL, in which anything may be installed, and a cluster on it, whose
# end is seen. To be sourced after lib.sh.
# shellcheck shell=bash

# What the server is started with: variables (SERVER_ENV) and options (SERVER_OPTIONS).
SERVER_ENV=()
# of a start that hangs; one on a busy machine takes as long as it takes
export PGCTLTIMEOUT=${PGCTLTIMEOUT:-900}
SERVER_OPTIONS=()

# copy_server DIR: PG_CONFIG is that of the copy from then on. PostgreSQL finds its files by where it lies itself.
copy_server() {
	local dir=$1 bindir prefix path kind
	bindir=$("$PG_CONFIG" --bindir)
	prefix=${bindir%/bin}
	prefix=${prefix%/lib/postgresql/*}
	for kind in bindir pkglibdir sharedir libdir includedir-server; do
		path=$("$PG_CONFIG" "--$kind")
		# Debian has the libraries among all others, where they are found anyway.
		[ "$kind" != libdir ] || [ "$prefix" != /usr ] || continue
		mkdir -p "$dir/${path#"$prefix/"}"
		cp -a "$path/." "$dir/${path#"$prefix/"}/"
	done
	PG_CONFIG=$dir/${bindir#"$prefix/"}/pg_config
	chmod -R a+rX "$dir"
}

# start_server DIR: a new cluster in DIR; PGHOST and the like lead to it.
start_server() {
	local dir=$1 bindir
	bindir=$("$PG_CONFIG" --bindir)
	# the server, too, would take its port from there
	unset PGPORT PGDATA
	as_server_user "$bindir/initdb" -D "$dir/data" -U postgres -A trust -N --locale=C.UTF-8 -E UTF8
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$dir'"
		printf '%s\n' 'fsync = off' 'full_page_writes = off' 'synchronous_commit = off' 'restart_after_crash = off'
		printf '%s\n' "${SERVER_OPTIONS[@]}"
	} | as_server_user tee -a "$dir/data/postgresql.conf" >/dev/null
	as_server_user env "${SERVER_ENV[@]}" "$bindir/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w start
	export PGHOST=$dir PGUSER=postgres PGDATABASE=postgres PATH=$bindir:$PATH
}

# stop_server DIR, whatever became of it.
stop_server() {
	local opts=$1/data/postmaster.opts postgres
	[ -s "$opts" ] || return 0
	read -r postgres _ <"$opts"
	as_server_user "${postgres%/*}/pg_ctl" -D "$1/data" -m immediate stop || true
}

# copy_tree DIR: the sources, where the server's user can read them and nothing that was built is in the way.
copy_tree() {
	mkdir -p "$1"
	tar -c --exclude=./.git --exclude=./tmp_check --exclude=./.cassert --exclude=./.majors --exclude=./bench/node_modules --exclude='*.o' \
		--exclude='*.so' --exclude='./sql/invtrack--*' . | tar -x --no-same-owner -C "$1"
	chmod -R a+rX "$1"
}
