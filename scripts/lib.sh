# What demo and test share: packages, build, a throw-away cluster. To be sourced, from bash.
# shellcheck shell=bash

PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/15/bin/pg_config}
export PG_CONFIG

# The same characters and sort order on every machine, whatever its own locale is.
unset LC_ALL
export LANG=C.UTF-8 PGCLIENTENCODING=UTF8

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Run a command quietly; show what it said only if it fails.
quietly() {
	local log status=0
	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ "$status" -ne 0 ]; then
		printf 'This failed: %s\n' "$*" >&2
		cat "$log" >&2
	fi
	rm -f "$log"
	return "$status"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		printf 'Only root may do this, and there is no sudo: %s\n' "$*" >&2
		return 1
	fi
}

# initdb and the server refuse to run as root: there, the user postgres does it.
as_server_user() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

# A new directory in /tmp that the server's user owns. The repository may lie where that user can't look.
server_user_dir() {
	local dir
	dir=$(mktemp -d "/tmp/$1.XXXXXX")
	if [ "$(id -u)" -eq 0 ]; then
		chown postgres: "$dir"
	fi
	printf '%s\n' "$dir"
}

# Of the server that PG_CONFIG belongs to; from its path while it isn't installed yet.
pg_major() {
	if [ -x "$PG_CONFIG" ]; then
		"$PG_CONFIG" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/'
	elif [[ $PG_CONFIG =~ ^/usr/lib/postgresql/([0-9]+)/ ]]; then
		printf '%s\n' "${BASH_REMATCH[1]}"
	else
		die "PG_CONFIG=$PG_CONFIG is not there, and its path doesn't tell which PostgreSQL to install."
	fi
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Debian creates and starts a cluster "main" with the first server package. Nobody asked for that,
# so switch it off while we install, and leave the machine's configuration as it was.
apt_install() {
	local conf=/etc/postgresql-common/createcluster.d/invtrack.conf status=0
	as_root mkdir -p "${conf%/*}"
	echo 'create_main_cluster = false' | as_root tee "$conf" >/dev/null
	{
		as_root apt-get update -q &&
			as_root env DEBIAN_FRONTEND=noninteractive \
				apt-get install -q -y --no-install-recommends "$@"
	} || status=$?
	as_root rm -f "$conf"
	as_root rmdir --ignore-fail-on-non-empty "${conf%/*}"
	return "$status"
}

# install_missing PACKAGE...: these, and what it takes to build and run the extension.
install_missing() {
	local major package missing=()
	major=$(pg_major)
	for package in "postgresql-$major" "postgresql-server-dev-$major" make gcc libc6-dev "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		echo "Installing ${missing[*]} ..."
		quietly apt_install "${missing[@]}"
	fi
}

# Always from scratch: what lies around may be another version's, or built without -Werror.
build_and_install() {
	local make=(make -s "PG_CONFIG=$PG_CONFIG" with_llvm=no)
	echo "Building and installing invtrack for $("$PG_CONFIG" --version) ..."
	quietly "${make[@]}" clean &&
		quietly "${make[@]}" "-j$(nproc)" COPT=-Werror &&
		quietly as_root "${make[@]}" install COPT=-Werror
}

# What in_throwaway_cluster returns when the cluster didn't come up.
NO_CLUSTER=125

# Run a command with PGHOST, PGPORT, PGUSER, ... set to a new cluster, which goes when the command ends.
# What pg_virtualenv says itself is of interest only when the cluster didn't come up.
in_throwaway_cluster() {
	local log status=0 started
	log=$(mktemp)
	started=$(mktemp -u)
	# shellcheck disable=SC2016 # expanded by the inner bash
	STARTED=$started pg_virtualenv -t -v "$(pg_major)" -c '--locale=C.UTF-8 -e UTF8' \
		-o fsync=off -o synchronous_commit=off -o full_page_writes=off \
		bash -c ': >"$STARTED"; exec "$@" >&3 2>&4 3>&- 4>&-' bash "$@" \
		3>&1 4>&2 >"$log" 2>&1 || status=$?
	if [ ! -e "$started" ]; then
		cat "$log" >&2
		status=$NO_CLUSTER
	fi
	rm -f "$log" "$started"
	return "$status"
}
