#!/usr/bin/env bash
# What run.sh says of command lines that it cannot follow: what is wrong, in one line, before anything runs.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset COMPILED_DATA
failures=0

refused() { # refused WORDS ARGUMENT...
    local words=$1 output status=0
    shift
    output=$(bash "$here/run.sh" "$@" 2>&1) || status=$?
    if [ "$status" -ne 2 ] || [ "$(printf '%s\n' "$output" | wc -l)" -ne 1 ] || [[ $output != "run.sh: "*"$words"*"see run.sh --help" ]]; then
        printf 'run.sh %s: exit status %s, "%s", expected 2 and "%s"\n' "$*" "$status" "$output" "$words"
        failures=$((failures + 1))
    fi
}

out=$folder/out
touch "$folder/file"
refused "--seconds is 'abc': it must be a whole number" --seconds abc "$out"
refused "--seconds is '0'" --seconds 0 "$out"
refused "--seconds is '-5'" --seconds -5 "$out"
refused "--seconds is '1.5'" --seconds 1.5 "$out"
refused "--seconds needs a value" "$out" --seconds
refused "there is no directory '$folder/none'" --data "$folder/none" "$out"
refused "there is no directory '$folder/file'" --data "$folder/file" "$out"
COMPILED_DATA=$folder/none refused "there is no directory '$folder/none'" "$out"
refused "there is no part 'mesure'" --only machine,mesure "$out"
refused "unknown option '--fast'" --fast "$out"
refused "where to?" --quick
refused "there is one OUT" "$out" "$folder/other"
refused "'$folder/file/out' cannot be made" "$folder/file/out"
if [ -e "$out" ]; then
    printf 'something ran\n'
    failures=$((failures + 1))
fi
printf '%d failed\n' "$failures"
[ "$failures" -eq 0 ]
