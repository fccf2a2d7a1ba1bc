#!/usr/bin/env bash
# Builds, trains, tests and measures Compiled on Linux and macOS; build.ps1 is its twin for Windows. Start with ./build.sh --help.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
artifacts=$root/artifacts
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

# ---------------------------------------------------------------------------------------------------------------------
# Help
# ---------------------------------------------------------------------------------------------------------------------

usage() {
    cat <<'TEXT'
Usage: ./build.sh VERB [options]

  build    build the native library, the managed library, the generator, the examples and the tests
  train    build, then train the CIFAR-10 example
  test     build, then run every test; the last line says "N passed, N failed"
  bench    build, then measure: fused against unfused, or against TorchSharp
  check    verify the formatting of the C# and C++ sources
  gpu-kit  gather what a GPU machine needs to check and measure the CUDA backend
  clean    delete everything that was built

./build.sh VERB --help tells more. Missing tools are named with the command that installs them; on Debian and Ubuntu, root gets them
installed. Everything that is built goes into artifacts/.
TEXT
}

usage_build() {
    cat <<'TEXT'
Usage: ./build.sh build [--cuda auto|on|off]

Builds the native library into artifacts/native/lib, then Compiled.sln (Release) into artifacts/bin. Does next to nothing when all is
up to date. COMPILED_NATIVE_DIR names another native library to programs when they run.

  --cuda auto|on|off    build the library for NVIDIA GPUs beside it: where nvcc of CUDA 11.8 or later is found; in any case, or fail;
                        or not. The choice holds for later builds, too; without one it is auto. The last line says what was built. CUDA
                        is never installed by this script, and no GPU is needed to build. CMake's options are in CMakeLists.txt.
TEXT
}

usage_gpu_kit() {
    cat <<'TEXT'
Usage: ./build.sh gpu-kit

Builds everything and gathers artifacts/gpu-kit (linux-x64): native sources, programs with the .NET runtime that they need, and the
scripts of bench/gpu. Copied to a machine with an NVIDIA GPU and its driver, "run.sh OUT" there builds the CUDA backend, tests it,
measures it side by side with PyTorch and JAX where Python has them, and writes OUT/report.md; "run.sh --help" tells more. Nothing is
downloaded there.
TEXT
}

usage_train() {
    cat <<'TEXT'
Usage: ./build.sh train [options of the example]

Builds and runs src/Examples/Cifar10. Where nvcc is found this builds the CUDA library, too, unless ./build.sh build --cuda off has said
otherwise. The most used options:

  --epochs N            passes over the training images                              (3)
  --batch-size N        images per step                                              (32)
  --learning-rate X     of Adam                                                      (0.001)
  --schedule NAME       cosine: the learning rate falls to 0 over the run; constant  (cosine)
  --data DIR            the CIFAR-10 binary files; else the cache, a download, or the built-in drawn shapes
  --device WHERE        auto, cpu, cuda or cuda:N; auto is a GPU if one can be used  (auto)
  --threads N           CPU threads, 0 for all processors                            (0)
  --seed N              of weights, dropout and the order of the images              (0)
  --limit N             train on the first N images only
  --unfused             the same network without fusion
  --plain               plain lines, also in a terminal
  --output DIR          where weights and history go                                 (runs/DATE-TIME)
TEXT
}

usage_test() {
    cat <<'TEXT'
Usage: ./build.sh test [--filter NAME]

Builds Compiled.sln and native libraries with their tests, and runs, one after the other:

  the native tests, with the 16-lane kernels built for any processor
  the native tests again, under the address and undefined-behaviour sanitizers
  the managed tests, on the native library of the first part
  most of those again, on the native library of the second part (with GCC)

  --filter NAME    only tests whose full name contains NAME

Neither nvcc nor a GPU is needed: the CUDA kernels are run on the CPU. What "build" makes is left as it is.

The last line is "N passed, N failed"; the exit status is 1 when a test failed or none ran.
TEXT
}

usage_bench() {
    cat <<'TEXT'
Usage: ./build.sh bench [options of BenchmarkDotNet]
       ./build.sh bench networks [parts of names]
       ./build.sh bench peers [--network NAME] [--batch-size 32] [--threads 2] [--seconds 20]

By itself: the fused CIFAR-10 network against its unfused twin, per step and per stage, and the generator; for example
  ./build.sh bench --filter '*Step*'
With "networks": training steps of all example networks, or of those whose names have one of the parts, fused and unfused: time,
memory, native calls and, on a GPU, kernels, as a table.
With "peers": one network (plain, normalized or resnet18) in TorchSharp, fused and unfused, interleaved in one run. The first time this downloads libtorch.
Results are printed; but for the table they are written to artifacts/bench, too.
TEXT
}

usage_check() {
    cat <<'TEXT'
Usage: ./build.sh check

Verifies formatting and code style: dotnet format for C#, clang-format for C and C++, and shellcheck for scripts where it is installed.
TEXT
}

usage_clean() {
    cat <<'TEXT'
Usage: ./build.sh clean

Deletes artifacts/. Downloaded data sets and trained weights (runs/) stay.
TEXT
}

# ---------------------------------------------------------------------------------------------------------------------
# Tools
# ---------------------------------------------------------------------------------------------------------------------

die() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

processors() {
    getconf _NPROCESSORS_ONLN
}

can_install() {
    command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]
}

# install_packages PACKAGE...: on Debian and Ubuntu as root; the package lists are fetched when they turn out to be missing or old.
install_packages() {
    local log
    log=$(mktemp)
    printf 'installing %s\n' "$*"
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null >"$log" 2>&1; then
        if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } </dev/null >"$log" 2>&1; then
            tail -n 5 "$log" >&2
            rm -f "$log"
            die "apt-get could not install $*"
        fi
    fi
    rm -f "$log"
}

# remedy PACKAGE BREW: the command that installs a tool here.
remedy() {
    case $(uname -s) in
        Darwin) printf '%s' "$2" ;;
        *)
            if command -v dnf >/dev/null; then
                printf 'sudo dnf install %s' "${1//g++/gcc-c++}"
            elif command -v pacman >/dev/null; then
                printf 'sudo pacman -S %s' "$(printf '%s' "$1" | sed 's/g++/gcc/; s/ninja-build/ninja/; s/clang-format/clang/')"
            else
                printf 'sudo apt-get install %s' "$1"
            fi
            ;;
    esac
}

# The SDK that global.json asks for.
has_dotnet() {
    command -v dotnet >/dev/null && (cd "$root" && dotnet --version) >/dev/null 2>&1
}

require_dotnet() {
    if ! has_dotnet && [ -x "${HOME:-}/.dotnet/dotnet" ]; then
        export DOTNET_ROOT=$HOME/.dotnet PATH=$HOME/.dotnet:$PATH
    fi
    if ! has_dotnet && command -v dotnet >/dev/null && DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 has_dotnet; then
        export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 # No ICU here; nothing in this build needs it.
    fi
    if ! has_dotnet && can_install && [ -n "$(apt-cache search --names-only '^dotnet-sdk-10.0$' 2>/dev/null)" ]; then
        install_packages dotnet-sdk-10.0
    fi
    has_dotnet || die "the .NET SDK 10 is missing. Install it with

    curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0

which puts it into ~/.dotnet, where this script finds it, or from https://dotnet.microsoft.com/download/dotnet/10.0"
}

# at_least VERSION MINIMUM
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

cmake_version() {
    cmake --version 2>/dev/null | sed -nE '1s/.* ([0-9]+\.[0-9]+).*/\1/p'
}

# A compiler with the vector extensions and the C++17 that the kernels need: GCC 12 or Clang 14, or later.
is_usable_compiler() {
    local macros
    macros=$(printf '' | "$1" -dM -E -x c++ - 2>/dev/null) || return 1
    if printf '%s' "$macros" | grep -q '__clang_major__'; then
        at_least "$(printf '%s\n' "$macros" | awk '$2 == "__clang_major__" { print $3 }')" 14
    else
        at_least "$(printf '%s\n' "$macros" | awk '$2 == "__GNUC__" { print $3 }')" 12
    fi
}

find_compiler() {
    local candidate
    for candidate in ${CXX:-} c++ g++ clang++ g++-14 g++-13 g++-12 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14; do
        if command -v "$candidate" >/dev/null && is_usable_compiler "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

require_native_tools() {
    if can_install; then
        local missing=()
        [ -n "$(cmake_version)" ] || missing+=(cmake)
        find_compiler >/dev/null || missing+=(g++)
        command -v ninja >/dev/null || command -v make >/dev/null || missing+=(ninja-build)
        [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
    fi
    [ -n "$(cmake_version)" ] || die "CMake 3.20 or later is missing. Install it with: $(remedy cmake 'brew install cmake')"
    at_least "$(cmake_version)" 3.20 ||
        die "CMake $(cmake_version) is too old, 3.20 is needed. Newer ones: https://cmake.org/download, or: pip install cmake"
    compiler=$(find_compiler) ||
        die "a C++ compiler is missing: GCC 12 or Clang 14, or later. Install one with: $(remedy g++ 'xcode-select --install')"
    command -v ninja >/dev/null || command -v make >/dev/null ||
        die "ninja is missing. Install it with: $(remedy ninja-build 'brew install ninja')"
}

# ---------------------------------------------------------------------------------------------------------------------
# Building
# ---------------------------------------------------------------------------------------------------------------------

# step LABEL COMMAND...: one line when it succeeds, the command's whole output when it fails.
step() {
    local label=$1 started=$SECONDS log
    shift
    log=$(mktemp)
    printf '%-34s' "$label"
    if "$@" >"$log" 2>&1 </dev/null; then
        printf '%4d s\n' $((SECONDS - started))
        rm -f "$log"
    else
        printf 'failed\n'
        cat "$log" >&2
        rm -f "$log"
        die "$label: failed, see above"
    fi
}

# Into PREFIX/build, installed to PREFIX/lib.
configure_native() { # configure_native PREFIX [CMAKE OPTION...]
    local prefix=$1 generator='Unix Makefiles'
    shift
    command -v ninja >/dev/null && generator=Ninja
    # A build folder keeps the generator it was made with.
    if [ -f "$prefix/build/CMakeCache.txt" ]; then
        generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$prefix/build/CMakeCache.txt")
    fi
    cmake -S "$root" -B "$prefix/build" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" "$@"
}

finish_native() { # finish_native PREFIX
    cmake --build "$1/build" --parallel "$(processors)" && cmake --install "$1/build" --prefix "$1"
}

build_native() { # build_native PREFIX [CMAKE OPTION...]
    configure_native "$@" && finish_native "$1"
}

has_cuda() {
    grep -q '^CUDA backend' "$artifacts/native/build/cuda.txt"
}

# All there is to build but for the CUDA library.
build_library() { # build_library [CMAKE OPTION...]
    configure_native "$artifacts/native" "$@" || return
    if has_cuda; then
        cmake --build "$artifacts/native/build" --parallel "$(processors)" --target compiled
    else
        finish_native "$artifacts/native"
    fi
}

build_managed() {
    (cd "$root" && dotnet build "$1" --configuration Release --nologo -v quiet -tl:off)
}

build_for_use() { # build_for_use PROJECT [CMAKE OPTION...]
    require_native_tools
    require_dotnet
    step 'native library' build_library "${@:2}"
    if has_cuda; then
        step 'CUDA library, minutes at first' finish_native "$artifacts/native"
    fi
    step "$(basename "${1%.*}")" build_managed "$1"
}

# ---------------------------------------------------------------------------------------------------------------------
# Testing
# ---------------------------------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0 summary=

count() { # count PART PASSED FAILED SKIPPED
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    summary+=$(printf '  %-34s %6d passed %6d failed %6d skipped' "$@")$'\n'
}

# The number behind a label in a test report.
field() {
    printf '%s\n' "$1" | sed -nE "$2" | tail -n 1
}

native_tests() { # native_tests PART PREFIX FILTER
    local output status=0 total failures missing pattern options=()
    if [ -n "$3" ]; then
        pattern=$(printf '%s' "$3" | sed 's/[][\.*^$+?(){}|]/\\&/g')
        options=(-R "$pattern")
    fi
    printf '\n%s\n' "$1"
    output=$(ctest --test-dir "$2/build" --parallel "$(processors)" --output-on-failure --no-tests=ignore ${options[@]+"${options[@]}"} \
        2>&1 </dev/null) || status=$?
    failures=$(field "$output" 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of [0-9]+.*/\1/p')
    total=$(field "$output" 's/^[0-9]+% tests passed, [0-9]+ tests? failed out of ([0-9]+).*/\1/p')
    missing=$(printf '%s\n' "$output" | grep -c '\*\*\*Skipped' || true)
    if [ "$status" -ne 0 ]; then
        printf '%s\n' "$output"
        [ "${failures:-0}" -gt 0 ] || { failures=1 total=$((${total:-0} + 1)); }
    fi
    count "$1" $((${total:-0} - ${failures:-0} - missing)) "${failures:-0}" "$missing"
}

# The CUDA backend of a test build, which runs on the CPU; nothing where there is none.
simulator() { # simulator PREFIX
    find "$1/lib" -name 'libcompiled_cuda_sim.*' | head -n 1
}

# The sanitizers as libraries, for a process that was not built with them; nothing where the compiler is not GCC, which alone names them so.
sanitizer_runtime() {
    local library path paths=
    "$compiler" --version | grep -qi clang && return
    for library in libasan.so libubsan.so; do
        path=$("$compiler" -print-file-name="$library")
        [ "$path" != "$library" ] || return 0
        paths+=${paths:+:}$path
    done
    printf '%s' "$paths"
}

# managed_tests PART PROJECT FILTER PREFIX [VARIABLE=VALUE...], with further options of the program in `left_out`
left_out=()
managed_tests() {
    local part=$1 project=$2 prefix=$4 log output status=0 options=(${left_out[@]+"${left_out[@]}"})
    [ -z "$3" ] || options+=(--filter-display-name "*$3*")
    shift 4
    log=$(mktemp)
    printf '\n%s\n' "$part"
    # Exit status 8 says that the filter left no test.
    # CUDA is tested on its simulator; models that name no device run on the CPU.
    env COMPILED_NATIVE_DIR="$prefix/lib" COMPILED_CUDA_LIBRARY="$(simulator "$prefix")" COMPILED_DEVICE=cpu "$@" \
        dotnet "$artifacts/bin/$project/release/$project.dll" --no-ansi --progress off \
        --show-test-results failed --results-directory "$artifacts/tests" --ignore-exit-code 8 ${options[@]+"${options[@]}"} 2>&1 </dev/null |
        tee "$log" || status=$?
    output=$(cat "$log")
    rm -f "$log"
    local good bad ignored
    good=$(field "$output" 's/^ *succeeded: ([0-9]+).*/\1/p')
    bad=$(field "$output" 's/^ *failed: ([0-9]+).*/\1/p')
    ignored=$(field "$output" 's/^ *skipped: ([0-9]+).*/\1/p')
    if [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then
        printf '%s ended with exit status %d before it could report.\n' "$part" "$status"
        bad=1
    fi
    count "$part" "${good:-0}" "${bad:-0}" "${ignored:-0}"
}

# All but what is marked NotSanitized once more, with both backends under the sanitizers. .NET itself is not instrumented: it takes access
# violations for its own purposes, and frees nothing when it ends. Memory that is not there is for the library to report.
sanitized_tests() { # sanitized_tests PROJECT FILTER
    local runtime left_out=(--filter-not-trait Sanitized=no)
    runtime=$(sanitizer_runtime)
    if [ -z "$runtime" ]; then
        printf '\n%s, sanitizers: left out, as %s is not GCC, or lacks libasan.so and libubsan.so.\n' "$1" "$compiler"
        return
    fi
    managed_tests "$1, sanitizers" "$1" "$2" "$artifacts/native/sanitize" LD_PRELOAD="$runtime" UBSAN_OPTIONS=halt_on_error=1 \
        ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:use_sigaltstack=0:allocator_may_return_null=1
}

# ---------------------------------------------------------------------------------------------------------------------
# Verbs
# ---------------------------------------------------------------------------------------------------------------------

no_options() { # no_options VERB [ARGUMENT...]
    [ $# -eq 1 ] || die "unknown option '$2'; see ./build.sh $1 --help"
}

# cuda_option [CHOICE]: what --cuda says, as an option of CMake in `cuda`.
cuda=()
cuda_option() {
    case ${1:-} in
        auto | on | off) cuda=("-DCOMPILED_CUDA=$(printf '%s' "$1" | tr '[:lower:]' '[:upper:]')") ;;
        *) die "--cuda is '${1:-}'; it must be auto, on or off (see ./build.sh build --help)" ;;
    esac
}

verb_build() {
    while [ $# -gt 0 ]; do
        case $1 in
            --cuda)
                cuda_option "${2:-}"
                shift 2
                ;;
            --cuda=*)
                cuda_option "${1#--cuda=}"
                shift
                ;;
            *) die "unknown option '$1'; see ./build.sh build --help" ;;
        esac
    done
    build_for_use Compiled.sln ${cuda[@]+"${cuda[@]}"}
    printf '\nNative library in %s (%s), programs in %s\n' \
        "${artifacts#"$PWD"/}/native/lib" "$(cat "$artifacts/native/build/cuda.txt")" "${artifacts#"$PWD"/}/bin"
}

verb_train() {
    build_for_use src/Examples/Cifar10/Cifar10.csproj
    exec dotnet "$artifacts/bin/Cifar10/release/Cifar10.dll" "$@"
}

verb_test() {
    local filter='' project
    while [ $# -gt 0 ]; do
        case $1 in
            --filter)
                [ $# -ge 2 ] || die "--filter needs a NAME; see ./build.sh test --help"
                filter=$2
                shift 2
                ;;
            --filter=*)
                filter=${1#--filter=}
                shift
                ;;
            *) die "unknown option '$1'; see ./build.sh test --help" ;;
        esac
    done

    require_native_tools
    require_dotnet
    step 'Compiled' build_managed Compiled.sln
    # CUDA is simulated in tests.
    step 'native tests' build_native "$artifacts/native/test" -DCOMPILED_CUDA=OFF -DCOMPILED_TESTS=ON -DCOMPILED_WIDE=ON
    step 'native tests, sanitizers' build_native "$artifacts/native/sanitize" -DCOMPILED_CUDA=OFF -DCOMPILED_TESTS=ON -DCOMPILED_WIDE=ON \
        -DCOMPILED_SANITIZE=ON

    native_tests 'Native tests' "$artifacts/native/test" "$filter"
    native_tests 'Native tests, sanitizers' "$artifacts/native/sanitize" "$filter"
    for project in "$root"/tests/*.Tests/*.csproj; do
        project=$(basename "$project" .csproj)
        managed_tests "$project" "$project" "$filter" "$artifacts/native/test"
    done
    sanitized_tests Compiled.Tests "$filter"

    printf '\n%s' "$summary"
    [ $((passed + failed)) -gt 0 ] || printf '\nNo test ran%s.\n' "${filter:+: none has \"$filter\" in its name}"
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

verb_bench() {
    mkdir -p "$artifacts/bench"
    if [ "${1:-}" = peers ]; then
        shift
        build_for_use bench/Compiled.PeerBenchmarks/Compiled.PeerBenchmarks.csproj
        exec dotnet "$artifacts/bin/Compiled.PeerBenchmarks/release/Compiled.PeerBenchmarks.dll" --output "$artifacts/bench" "$@"
    fi
    build_for_use bench/Compiled.Benchmarks/Compiled.Benchmarks.csproj
    [ "${1:-}" = networks ] || set -- --artifacts "$artifacts/bench" "$@"
    exec dotnet "$artifacts/bin/Compiled.Benchmarks/release/Compiled.Benchmarks.dll" "$@"
}

verb_check() {
    no_options check "$@"
    require_dotnet
    if ! command -v clang-format >/dev/null; then
        can_install || die "clang-format is missing. Install it with: $(remedy clang-format 'brew install clang-format')"
        install_packages clang-format
    fi
    step 'C++ format' find "$root/native" "$root/bench/gpu" -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' \) \
        -exec clang-format --dry-run -Werror {} +
    step 'C# restore' dotnet restore "$root/Compiled.sln"
    # The models that the tests declare have no other half until the generator is there.
    step 'generator' build_managed generators/Compiled.Generators/Compiled.Generators.csproj
    step 'C# format' env Configuration=Release dotnet format "$root/Compiled.sln" --verify-no-changes --no-restore
    if command -v shellcheck >/dev/null; then
        step 'scripts' shellcheck "$root/build.sh" "$root/.ci/run" "$root"/bench/gpu/*.sh
    fi
}

# lay_kit_programs FOLDER: what runs on the GPU machine as it is: this machine's .NET runtime and the programs that need it, in the folders
# where they look for one another, the native libraries and tests.
lay_kit_programs() {
    local dotnet version name
    dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
    version=$(dotnet --list-runtimes | sed -nE 's/^Microsoft\.NETCore\.App (10\.[^ ]+) .*/\1/p' | tail -n 1)
    [ -n "$version" ] || die "the .NET runtime 10 is missing beside $dotnet/dotnet"
    mkdir -p "$1/dotnet/shared/Microsoft.NETCore.App" "$1/lib" "$1/native-tests"
    cp -r "$dotnet/dotnet" "$dotnet/host" "$1/dotnet/"
    cp "$dotnet"/LICENSE.txt "$dotnet"/ThirdPartyNotices.txt "$1/dotnet/" 2>/dev/null || true
    cp -r "$dotnet/shared/Microsoft.NETCore.App/$version" "$1/dotnet/shared/Microsoft.NETCore.App/"
    # Debuggers, tracers and other garbage collectors; the host wants every file that the list names.
    for name in createdump libclrgc.so libclrgcexp.so libcoreclrtraceptprovider.so libmscordaccore.so libmscordbi.so; do
        rm -f "$1/dotnet/shared/Microsoft.NETCore.App/$version/$name"
        sed -i "/\"$name\": {/,/}/d" "$1/dotnet/shared/Microsoft.NETCore.App/$version/Microsoft.NETCore.App.deps.json"
    done
    for name in Compiled.Tests Compiled.Misuse Cifar10 Compiled.GpuBenchmarks; do
        mkdir -p "$1/bin/$name"
        cp -r "$artifacts/bin/$name/release" "$1/bin/$name/"
    done
    # Symbols and documentation; and the native libraries, which run.sh names.
    find "$1/bin" \( -name '*.pdb' -o -name '*.xml' -o -name '*compiled*.so' \) -not -path '*/golden/*' -delete
    cp "$artifacts"/native/lib/*.so "$1/lib/"
    for name in "$artifacts"/native/test/build/native/tests/*_test; do
        # Those that load libcompiled; the others test the simulator, or what is inside. layout_test reads a file of this machine.
        if readelf -d "$name" | grep -q 'NEEDED.*libcompiled\.so' && [ "$(basename "$name")" != layout_test ]; then
            cp "$name" "$1/native-tests/"
        fi
    done
}

verb_gpu_kit() {
    no_options gpu-kit "$@"
    [ "$(uname -sm)" = 'Linux x86_64' ] || die "the kit is for linux-x64, and made on it"
    local kit=$artifacts/gpu-kit programs=$artifacts/gpu-kit-programs bytes
    build_for_use Compiled.sln
    step 'native tests' build_native "$artifacts/native/test" -DCOMPILED_CUDA=OFF -DCOMPILED_TESTS=ON -DCOMPILED_WIDE=ON

    rm -rf "$kit" "$programs"
    mkdir -p "$kit/source/bench"
    cp -r "$root/CMakeLists.txt" "$root/cmake" "$root/native" "$kit/source/"
    cp -r "$root/bench/gpu" "$kit/source/bench/"
    rm -rf "$kit/source/bench/gpu/results"
    mv "$kit/source/bench/gpu/run.sh" "$kit/"
    printf '%s\n' "$(git -C "$root" describe --always --dirty 2>/dev/null || printf unknown)" >"$kit/VERSION"
    step 'programs' lay_kit_programs "$programs"
    step 'packing' tar -C "$programs" -I 'xz -9 -T0' -cf "$kit/programs.tar.xz" .
    rm -rf "$programs"
    bytes=$(du -sb "$kit" | cut -f 1)
    printf '\nThe kit is in %s (%d MB; %s). On the GPU machine: run.sh OUT\n' \
        "${kit#"$PWD"/}" $((bytes / 1000000)) "$(cat "$artifacts/native/build/cuda.txt")"
}

verb_clean() {
    no_options clean "$@"
    rm -rf "$artifacts"
}

main() {
    local verb=${1:-}
    case $verb in
        -h | --help | help)
            usage
            return
            ;;
        build | train | test | bench | check | gpu-kit | clean) shift ;;
        '')
            usage >&2
            exit 1
            ;;
        *) die "unknown verb '$verb'; the verbs are build, train, test, bench, check, gpu-kit and clean (see ./build.sh --help)" ;;
    esac
    case ${1:-} in
        -h | --help)
            "usage_${verb//-/_}"
            return
            ;;
    esac
    "verb_${verb//-/_}" "$@"
}

main "$@"
