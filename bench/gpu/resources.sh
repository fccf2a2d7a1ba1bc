#!/usr/bin/env bash
# Compiles the CUDA backend for sm_80 and sm_90, prints what each kernel takes (registers, shared memory, stack, spills), and fails where
# a kernel of hot-kernels.txt spills or uses local memory. No GPU is needed.
#
#   bench/gpu/resources.sh            check
#   bench/gpu/resources.sh --write    check, and write the table to bench/gpu/resources.md
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/artifacts/native/cuda/build
table=$root/artifacts/native/cuda/resources.md

case ${1:-} in
    '' | --write) ;;
    *)
        printf 'Usage: bench/gpu/resources.sh [--write]\n' >&2
        exit 2
        ;;
esac

compile() {
    local generator='Unix Makefiles'
    command -v ninja >/dev/null && generator=Ninja
    if [ -f "$build/CMakeCache.txt" ]; then
        generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")
    fi
    cmake -S "$root" -B "$build" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCOMPILED_CPU=OFF -DCOMPILED_CUDA=ON \
        -DCOMPILED_CUDA_RESOURCES=ON '-DCMAKE_CUDA_ARCHITECTURES=80-real;90-real' >"$build.log" || { cat "$build.log" && return 1; }
    cmake --build "$build" --parallel "$(getconf _NPROCESSORS_ONLN)" --target compiled_cuda gpu_experiments
}

# What ptxas said about each source, after its name and a tab. Objects of sources that are gone are left out.
ptxas_lines() {
    local objects=$build/native/src/cuda/CMakeFiles/compiled_cuda.dir file source
    find "$objects" -name '*.cu.o.ptxas' | LC_ALL=C sort | while read -r file; do
        source=${file#"$objects/"}
        source=${source%.o.ptxas}
        [ -f "$root/native/src/cuda/$source" ] && sed "s|^|$source\t|" "$file"
    done
}

demangle() {
    if command -v c++filt >/dev/null; then c++filt; else cu++filt; fi
}

mkdir -p "$(dirname "$build")"
compile
version=$(nvcc --version 2>/dev/null | sed -nE 's/.*release ([0-9.]+).*/\1/p')
status=0
ptxas_lines | demangle | LC_ALL=C awk -v hot="$here/hot-kernels.txt" -f "$here/resources.awk" >"$table" || status=1
printf '\nWhat the CUDA kernels take\n\n'
cat "$table"
if [ "${1:-}" = --write ]; then
    {
        printf '# What the CUDA kernels take\n\n'
        printf 'Compiled by nvcc %s; made by bench/gpu/resources.sh --write.\n' "${version:-of unknown version}"
        grep -v '^error: ' "$table"
    } >"$here/resources.md"
    printf '\nWritten to bench/gpu/resources.md\n'
fi
exit "$status"
