# What demo and test share: packages, build, a throw-away cluster. To be sourced, from bash.
# shellcheck shell=bash

# The majors that invtrack is tested with; others have to be asked for.
oldest=15
newest=18

# Debian's pg_config of the newest server that is installed; nothing where there is none.
installed_server() {
	local major
	for ((major = newest; major >= oldest; major--)); do
		if [ -x "/usr/lib/postgresql/$major/bin/postgres" ]; then
			echo "/usr/lib/postgresql/$major/bin/pg_config"
			return
		fi
	done
}

# Empty on a machine without a server; choose_server finds one there.
PG_CONFIG=${PG_CONFIG:-$(installed_server)}
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

# A new machine often has an apt-get of its own at work.
apt_waits=(-o DPkg::Lock::Timeout=600)
lists_are_new=false

# The lists of packages, once a run.
update_package_lists() {
	"$lists_are_new" && return
	command -v apt-get >/dev/null ||
		die 'There is no apt-get to install packages with. README.md says how to build and install by hand.'
	echo 'Reading the lists of packages ...'
	quietly as_root apt-get "${apt_waits[@]}" update -q || return
	lists_are_new=true
}

# apt_progress LOG: of what apt-get install says a counter (where it's no terminal, lines at each quarter of many); all into LOG.
apt_progress() {
	local line all=0 size='' what i
	local -A count=([downloaded]=0 [unpacked]=0 ['set up']=0)
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$1"
		case $line in
		*' newly installed, '*)
			read -r i _ what _ <<<"$line"
			all=$((i + what))
			continue
			;;
		'Need to get '*)
			size=${line#Need to get }
			printf '  packages: %d, to download: %s\n' "$all" "${size%% of *}"
			continue
			;;
		Get:*) what=downloaded ;;
		'Unpacking '*) what=unpacked ;;
		'Setting up '*) what='set up' ;;
		*) continue ;;
		esac
		[ "$all" -gt 0 ] || continue
		i=$((count[$what] + 1))
		count[$what]=$i
		if [ -t 1 ]; then
			printf '\r  %d of %d %s    ' "$i" "$all" "$what"
		elif [ "$all" -ge 10 ] && [ "$((4 * i / all))" -gt "$((4 * (i - 1) / all))" ]; then
			printf '  %d of %d %s\n' "$i" "$all" "$what"
		fi
	done
	[ ! -t 1 ] || [ -z "$size" ] || echo
}

# Debian creates and starts a cluster "main" with the first server package. Nobody asked for that,
# so switch it off while we install, and leave the machine's configuration as it was.
apt_install() {
	local conf=/etc/postgresql-common/createcluster.d/invtrack.conf log status=0
	update_package_lists || return
	as_root mkdir -p "${conf%/*}"
	echo 'create_main_cluster = false' | as_root tee "$conf" >/dev/null
	log=$(mktemp)
	(
		set -o pipefail
		as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get "${apt_waits[@]}" \
			install -q -y --no-install-recommends "$@" 2>&1 </dev/null | apt_progress "$log"
	) || status=$?
	if [ "$status" -ne 0 ]; then
		printf 'This failed: apt-get install %s\n' "$*" >&2
		cat "$log" >&2
	fi
	rm -f "$log"
	as_root rm -f "$conf"
	as_root rmdir --ignore-fail-on-non-empty "${conf%/*}"
	return "$status"
}

# Where there is no server: the one that Debian's package postgresql stands for.
choose_server() {
	local major
	[ -z "$PG_CONFIG" ] || return 0
	update_package_lists || return
	major=$(apt-cache depends postgresql | sed -n 's/^ *Depends: postgresql-\([0-9][0-9]*\)$/\1/p')
	[ -n "$major" ] || die 'There is no package postgresql that tells which PostgreSQL to install.'
	[ "$major" -ge "$oldest" ] || die "The package postgresql stands for PostgreSQL $major; invtrack needs $oldest or later."
	PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config
}

# install_packages PACKAGE...: those that are missing.
install_packages() {
	local package missing=()
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		echo "Installing ${missing[*]} ..."
		apt_install "${missing[@]}"
	fi
}

# install_missing PACKAGE...: these, and what it takes to build and run the extension.
install_missing() {
	local major
	choose_server || return
	major=$(pg_major)
	install_packages "postgresql-$major" "postgresql-server-dev-$major" make gcc libc6-dev "$@"
}

# What make is told beside PG_CONFIG.
build_options=(with_llvm=no)

# The same without clang and LLVM: 600 MB that the package with the server's headers asks for, and only JIT
# compilation would use. Where there are no headers, they are unpacked into tmp_packages.
install_without_clang() {
	local major package dir
	choose_server || return
	major=$(pg_major)
	package=postgresql-server-dev-$major
	install_packages "postgresql-$major" make gcc libc6-dev || return
	[ ! -e "$("$PG_CONFIG" --includedir-server)/postgres.h" ] || return 0
	dir=tmp_packages/$package-$(dpkg-query -W -f '${Version}' "postgresql-$major") || return
	[ -e "$dir/complete" ] || unpack_package "$package" "$dir" || return
	# relative, since make takes no space in it
	build_options+=("includedir_server=$dir/usr/include/postgresql/$major/server")
}

# unpack_package PACKAGE DIR: its files in DIR, without installing it.
unpack_package() {
	update_package_lists || return
	echo "Unpacking $1 ..."
	mkdir -p "$2"
	quietly env -C "$2" apt-get download -q "$1" && quietly dpkg-deb -x "$2/$1"_*.deb "$2" || return
	rm "$2/$1"_*.deb
	: >"$2/complete"
}

# Always from scratch: what lies around may be another version's, or built without -Werror.
build_and_install() {
	local make=(make -s "PG_CONFIG=$PG_CONFIG" "${build_options[@]}")
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

# install_modules DIR: what the package-lock.json there lists, from npm's registry. Succeeds without them, and says so.
# By command and not by package: node may come from elsewhere, with an npm of its own.
install_modules() {
	local dir=$1 modules=$1/node_modules log packages=()
	command -v node >/dev/null || packages+=(nodejs)
	command -v npm >/dev/null || packages+=(npm)
	[ ${#packages[@]} -eq 0 ] || install_missing "${packages[@]}" || return 0
	# npm writes this file last, so it is newer than the lock once all is there.
	[ ! "$modules/.package-lock.json" -nt "$dir/package-lock.json" ] || return 0
	echo "Installing the modules of $dir ..."
	log=$(mktemp)
	if ! env -C "$dir" npm ci --loglevel=error --no-audit --no-fund >"$log" 2>&1 </dev/null; then
		rm -rf "$modules"
		echo "npm could not install the modules of $dir, what needs them is left out:"
		head -n 5 "$log"
	fi
	rm -f "$log"
}
