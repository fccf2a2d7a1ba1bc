#!/bin/sh
# Starts nvcc (as CMake's compiler launcher) and keeps what ptxas says about the kernels beside the object file, for resources.sh.
# What else nvcc says is passed on.
object=
previous=
for argument in "$@"; do
    [ "$previous" = -o ] && object=$argument
    previous=$argument
done
[ -n "$object" ] || exec "$@"

status=0
"$@" >"$object.output" 2>&1 || status=$?
grep -E '^ptxas info|^ +[0-9]+ bytes stack frame' "$object.output" >"$object.ptxas"
grep -vE '^ptxas info|^ +[0-9]+ bytes stack frame' "$object.output"
rm -f "$object.output"
exit "$status"
