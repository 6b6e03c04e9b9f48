# Runs a server for as long as whoever started this holds the other end of standard input: when that closes, be
# it because the process was killed, the server is killed and its folder removed.
# Usage: keeper.sh <folder> <program> <arguments…>
folder=$1
shift
"$@" </dev/null 2>&1 &
server=$!
echo "$server" >&2
# From here on only the server writes there, so that the end of its output is the end of the server.
exec >/dev/null 2>&1
while read -r word; do last=$word; done
kill -9 "$server"
wait "$server"
[ "$last" = keep ] || rm -rf "$folder"
