#!/usr/bin/env bash
# Checks and measures Compiled on a machine with an NVIDIA GPU: the kit that "./build.sh gpu-kit" gathers. Start with run.sh --help.
set -uo pipefail

kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
self=$kit/$(basename "${BASH_SOURCE[0]}")
readonly Skipped=77 # the exit status of whatever cannot be done here

usage() {
    cat <<'TEXT'
Usage: run.sh [--quick] [--seconds N] [--data DIR] [--only PART,PART] OUT

Runs these parts one after the other, goes on when one fails, and writes report.md, report.json and a log of each part to OUT:

  machine       what there is: GPU, driver, toolkit, compilers, Python packages
  build         the CUDA backend, by this machine's nvcc and for its GPU
  device        opens the GPU
  tests         the whole test suite: on the GPU and the CPU, or on the CPU alone where there is no GPU
  measure       training steps of the CIFAR-10 network, side by side with PyTorch and JAX where Python has them
  experiments   launches, graphs, memory, arithmetic and cuDNN of this GPU
  sanitizer     the native tests under compute-sanitizer, memcheck and racecheck
  train         50 epochs of CIFAR-10, when --data names the directory of its binary files
  report        writes the report

  --quick       less of everything, in three minutes instead of eight
  --seconds N   time for all parts together; what does not fit is skipped. More than usual gives each part more: the
                build needs it where there are few processors, and goes on where it was stopped
                (480, quick: 180; ten times as much without a GPU, where little is left to do)

Nothing is downloaded. Needed: a GPU with its driver; better also the CUDA toolkit 11.8 or later, CMake and a C++ compiler. Each part says
PASS, FAIL or SKIPPED with the reason. Without a GPU, what needs one is skipped, and the tests run on the CPU.

The exit status is 0 when no part failed, though some were skipped; 1 when one did; 2 when the command line cannot be followed.
TEXT
}

say() {
    printf '%s\n' "$*"
}

# Ends a part that cannot be done here; the last line of its log is the reason.
skip() {
    say "$*"
    exit "$Skipped"
}

fail() {
    say "$*"
    exit 1
}

refuse() {
    say "run.sh: $*; see run.sh --help" >&2
    exit 2
}

has_gpu() {
    [ -e /dev/nvidia0 ] || { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }
}

is_quick() {
    [ -n "$quick" ]
}

either() { # either QUICK FULL
    if is_quick; then say "$1"; else say "$2"; fi
}

# ---------------------------------------------------------------------------------------------------------------------
# What parts have in common
# ---------------------------------------------------------------------------------------------------------------------

find_cuda_program() { # find_cuda_program NAME: its path
    local folder
    command -v "$1" && return
    for folder in "${CUDA_HOME:-}" "${CUDA_PATH:-}" /usr/local/cuda /opt/cuda; do
        if [ -n "$folder" ] && [ -x "$folder/bin/$1" ]; then
            printf '%s\n' "$folder/bin/$1"
            return
        fi
    done
    return 1
}

# The .NET runtime, the programs and the libraries.
unpack() {
    [ -f "$work/programs/complete" ] && return
    rm -rf "$work/programs"
    mkdir -p "$work/programs"
    if command -v xz >/dev/null; then
        tar -C "$work/programs" -xJf "$kit/programs.tar.xz"
    elif command -v python3 >/dev/null; then
        python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$kit/programs.tar.xz" "$work/programs"
    else
        fail 'xz is missing, and so is Python, which could stand in for it'
    fi || fail 'programs.tar.xz could not be unpacked'
    touch "$work/programs/complete"
}

# Two folders of libraries: the processor's alone, and with the CUDA backend beside it.
lay_libraries() {
    local lib=$work/programs/lib
    unpack
    mkdir -p "$work/cpu" "$work/cuda"
    cp "$lib/libcompiled.so" "$work/cpu/"
    cp "$lib/libcompiled.so" "$work/cuda/"
    if [ ! -f "$work/cuda/libcompiled_cuda.so" ] && [ -f "$lib/libcompiled_cuda.so" ]; then
        cp "$lib/libcompiled_cuda.so" "$work/cuda/"
    fi
}

program() { # program NAME [ARGUMENT...]: one of the kit's .NET programs, on the libraries of COMPILED_NATIVE_DIR
    local name=$1
    shift
    # No ICU is needed.
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 \
        "$work/programs/dotnet/dotnet" "$work/programs/bin/$name/release/$name.dll" "$@"
}

need_gpu() {
    has_gpu || skip 'there is no GPU'
    lay_libraries
    [ -f "$work/cuda/libcompiled_cuda.so" ] || fail 'there is no CUDA backend to run'
}

# ---------------------------------------------------------------------------------------------------------------------
# Parts
# ---------------------------------------------------------------------------------------------------------------------

python_version() { # python_version MODULE
    local version
    version=$(python3 -c "import $1; print($1.__version__)" 2>/dev/null | tail -n 1)
    say "${version:-none}"
}

part_machine() {
    local gpu nvcc
    gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader 2>/dev/null | head -n 1)
    nvcc=$(find_cuda_program nvcc) && nvcc=$("$nvcc" --version | sed -nE 's/.*release ([0-9.]+), V([0-9.]+).*/\2/p')
    {
        say "commit: $(cat "$kit/VERSION")"
        say "date: $(date -u '+%Y-%m-%d %H:%M:%S UTC')"
        say "GPU, driver, memory, compute capability: ${gpu:-none}"
        say "nvcc: ${nvcc:-none}"
        say "CMake: $(cmake --version 2>/dev/null | sed -nE '1s/.* //p')"
        say "C++ compiler: $(c++ --version 2>/dev/null | head -n 1)"
        say "processor: $(sed -nE 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(getconf _NPROCESSORS_ONLN) processors"
        say "system: $(sed -nE 's/^PRETTY_NAME="(.*)"/\1/p' /etc/os-release 2>/dev/null), $(uname -sr)"
        say "PyTorch: $(python_version torch)"
        say "JAX: $(python_version jax)"
        say "mode: $(either quick full)"
    } >"$out/machine.txt"
    cat "$out/machine.txt"
}

configure_and_build() { # configure_and_build ARCHITECTURES [CMAKE OPTION...]
    local architectures=$1 generator='Unix Makefiles'
    shift
    command -v ninja >/dev/null && generator=Ninja
    local configure=(cmake -S "$kit/source" -B "$work/build" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCOMPILED_CPU=OFF
        -DCOMPILED_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$architectures" "-DCMAKE_CUDA_COMPILER=$(find_cuda_program nvcc)" "$@")
    # What a run before this one has built stays, unless it was made elsewhere or by other tools.
    { "${configure[@]}" || { rm -rf "$work/build" && "${configure[@]}"; }; } &&
        cmake --build "$work/build" --parallel "$(getconf _NPROCESSORS_ONLN)" --target compiled_cuda gpu_experiments
}

part_build() {
    local architectures
    lay_libraries
    if ! find_cuda_program nvcc >/dev/null || ! command -v cmake >/dev/null; then
        [ -f "$work/cuda/libcompiled_cuda.so" ] || skip 'nvcc or CMake is missing, and the kit has no CUDA backend built elsewhere'
        skip "nvcc or CMake is missing: the CUDA backend that came with the kit is used"
    fi
    architectures=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. ')
    case $architectures in
        [0-9]*) architectures+=-real ;;
        *) architectures='80-real;90-real' ;;
    esac
    configure_and_build "$architectures" || {
        say 'Once more, without cuDNN.'
        configure_and_build "$architectures" -DCOMPILED_CUDNN=OFF || fail 'nvcc did not build the CUDA backend'
    }
    cp "$work/build/native/src/cuda/libcompiled_cuda.so" "$work/cuda/"
    say "built: $(cat "$work/build/cuda.txt")" >>"$out/machine.txt"
    cat "$work/build/cuda.txt"
}

part_device() {
    need_gpu
    COMPILED_DEVICE=cuda COMPILED_NATIVE_DIR=$work/cuda program Compiled.GpuBenchmarks --explain || fail 'the GPU cannot be used'
}

part_tests() {
    local test name failures=0 count=0 log=$work/tests.log status=0 without_cuda=
    lay_libraries
    if has_gpu && [ -f "$work/cuda/libcompiled_cuda.so" ]; then
        say 'On the GPU and on the CPU.'
        export COMPILED_NATIVE_DIR=$work/cuda COMPILED_CUDA_LIBRARY=$work/cuda/libcompiled_cuda.so
    else
        say 'On the CPU alone: no GPU, or no CUDA backend.'
        export COMPILED_NATIVE_DIR=$work/cpu
        without_cuda=yes
    fi
    # Tests choose their devices; whatever asks for the default one shall be the same everywhere.
    export COMPILED_DEVICE=cpu LD_LIBRARY_PATH=$COMPILED_NATIVE_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    for test in "$work"/programs/native-tests/*; do
        name=$(basename "$test")
        if [ -n "$without_cuda" ] && [ "$name" = conv2d_tiled_test ]; then
            say "$name: left out, its kernels are of CUDA alone"
            continue
        fi
        count=$((count + 1))
        if "$test" >"$log" 2>&1; then
            say "$name: $(tail -n 1 "$log")"
        else
            failures=$((failures + 1))
            cat "$log"
            say "$name: FAILED"
        fi
    done
    say "native tests: $((count - failures)) passed, $failures failed"

    local filter=()
    is_quick && filter=(--filter-class '*CudaTests' '*CudaSharingTests' '*RecordedPassTests' '*Conv2DTests' '*DenseTests'
        '*ElementwiseTests' '*GatherTests' '*GoldenTests')
    program Compiled.Tests --no-ansi --progress off --show-test-results failed --results-directory "$work/results" \
        ${filter[@]+"${filter[@]}"} 2>&1 </dev/null | tee "$log" || status=$?
    say "managed tests: $(sed -nE 's/^ *succeeded: ([0-9]+).*/\1 passed/p' "$log" | tail -n 1), $(
        sed -nE 's/^ *failed: ([0-9]+).*/\1 failed/p' "$log" | tail -n 1), $(
        sed -nE 's/^ *skipped: ([0-9]+).*/\1 skipped/p' "$log" | tail -n 1)${without_cuda:+, most for want of CUDA}, exit status $status"
    [ $((failures + status)) -eq 0 ] || fail "$failures native tests failed; the managed ones ended with exit status $status"
}

# Appends what a contestant prints to OUT/measure.jsonl; the reason why one has nothing to say goes to the log.
contestant() { # contestant LIMIT COMMAND...
    local limit=$1 status=0
    shift
    say "-- $*"
    timeout -k 5 "$limit" "$@" </dev/null 2>"$work/stderr" | tee -a "$out/measure.jsonl" || status=$?
    tail -n 3 "$work/stderr"
    case $status in
        0 | "$Skipped") ;;
        124) say "stopped after $limit s" ;;
        *) say "exit status $status" ;;
    esac
    return "$status"
}

part_measure() {
    local batches=32,128,512,1024 seconds=1 limit=60 status=0
    need_gpu
    if is_quick; then
        batches=32,1024 seconds=1 limit=15
    fi
    export COMPILED_NATIVE_DIR=$work/cuda
    : >"$out/measure.jsonl"
    export -f program
    export work
    contestant $((limit + 15)) bash -c 'program "$@"' - Compiled.GpuBenchmarks --batch "$batches" --seconds "$seconds" || status=$?
    COMPILED_CUDA_GRAPHS=off contestant "$limit" bash -c 'program "$@"' - Compiled.GpuBenchmarks --batch 32 --seconds "$seconds"
    if command -v python3 >/dev/null; then
        cd "$kit/source/bench/gpu/peers" || return
        contestant "$limit" python3 -B pytorch.py --mode eager --batch "$batches" --seconds "$seconds"
        contestant "$limit" python3 -B pytorch.py --mode graph --batch "$batches" --seconds "$seconds"
        contestant "$limit" python3 -B jax_scan.py --batch "$batches" --seconds "$seconds"
        if ! is_quick; then
            contestant "$limit" python3 -B pytorch.py --mode reduce-overhead --batch 32,1024 --seconds "$seconds"
            contestant "$limit" python3 -B pytorch.py --mode max-autotune --batch 32,1024 --precision tf32,bf16 --seconds "$seconds"
        fi
    else
        say 'There is no Python: the peers are left out.'
    fi
    [ "$status" -eq 0 ] || fail "Compiled itself was not measured to the end: exit status $status"
}

part_experiments() {
    local letter failures=0 program=$work/build/bench/gpu/gpu_experiments
    has_gpu || skip 'there is no GPU'
    [ -x "$program" ] || skip 'the experiments were not built: nvcc or CMake is missing'
    : >"$out/experiments.jsonl"
    for letter in a b d e c; do
        # Each in a process of its own, so that one that fails takes no other with it.
        "$program" "$letter" | tee -a "$out/experiments.jsonl" || failures=$((failures + 1))
    done
    say '(f), the eager step of PyTorch, is among the figures of "measure".'
    [ "$failures" -eq 0 ] || fail "$failures experiments failed"
}

part_sanitizer() {
    local sanitizer tool test name failures=0
    need_gpu
    sanitizer=$(find_cuda_program compute-sanitizer) || skip 'compute-sanitizer is missing; it is part of the CUDA toolkit'
    export COMPILED_TEST_DEVICE=cuda COMPILED_CUDA_LIBRARY=$work/cuda/libcompiled_cuda.so
    export LD_LIBRARY_PATH=$work/cuda${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    for name in layer_test loss_test optimizer_test max_pooling2d_test dropout_test activation_test run_test; do
        test=$work/programs/native-tests/$name
        [ -x "$test" ] || continue
        for tool in memcheck racecheck; do
            # Tests ask for more memory than there is, on purpose: calls that fail are theirs to judge.
            if "$sanitizer" --tool "$tool" --report-api-errors no --error-exitcode 9 "$test" >"$work/sanitizer.log" 2>&1; then
                say "$tool $name: clean"
            else
                failures=$((failures + 1))
                tail -n 60 "$work/sanitizer.log"
                say "$tool $name: FAILED"
            fi
        done
    done
    [ "$failures" -eq 0 ] || fail "$failures runs found something"
}

part_train() {
    need_gpu
    [ -n "$data" ] || skip 'no --data DIR was given'
    is_quick && skip 'left out by --quick'
    COMPILED_NATIVE_DIR=$work/cuda program Cifar10 --device cuda --data "$data" --epochs 50 --batch-size 32 --learning-rate 1e-4 \
        --schedule constant --plain --output "$out/train" </dev/null || fail 'the training failed'
    rm -f "$out"/train/*.safetensors
}

part_report() {
    local files=("$out/machine.txt" "$out/parts.tsv") file
    for file in measure.jsonl experiments.jsonl train/history.csv; do
        [ -f "$out/$file" ] && files+=("$out/$file")
    done
    awk -v form=md -f "$kit/source/bench/gpu/report.awk" "${files[@]}" >"$out/report.md" &&
        awk -v form=json -f "$kit/source/bench/gpu/report.awk" "${files[@]}" >"$out/report.json"
}

# ---------------------------------------------------------------------------------------------------------------------
# The run
# ---------------------------------------------------------------------------------------------------------------------

# limit_of PART: the most seconds that it may take in the usual time.
limit_of() {
    case $1 in
        build) either 100 200 ;;
        tests) either 60 200 ;;
        measure) either 75 300 ;;
        experiments) either 20 60 ;;
        sanitizer) either 30 90 ;;
        train) say 150 ;;
        *) say 30 ;;
    esac
}

# run_part NAME: in a process of its own, which ends in time, children and all.
run_part() {
    local name=$1 status=0 limit left started=$SECONDS word reason
    limit=$(limit_of "$name")
    [ "$seconds" -gt "$usual" ] && limit=$((limit * seconds / usual))
    left=$((deadline - SECONDS))
    if [ "$name" != machine ] && [ "$name" != report ]; then
        if [ "$left" -lt 5 ]; then
            printf '%s\tSKIPPED\t0\tno time is left\n' "$name" >>"$out/parts.tsv"
            printf '%-12s SKIPPED: no time is left\n' "$name"
            return
        fi
        [ "$left" -lt "$limit" ] && limit=$left
    fi
    timeout -k 5 "$limit" env "KIT_PART=$name" "KIT_OUT=$out" "KIT_WORK=$work" "KIT_QUICK=$quick" "KIT_DATA=$data" bash "$self" \
        >"$out/logs/$name.log" 2>&1 </dev/null || status=$?
    reason=$(tail -n 1 "$out/logs/$name.log" | tr '\t' ' ')
    case $status in
        0) word=PASS ;;
        "$Skipped") word=SKIPPED ;;
        124 | 137) word=FAIL reason="stopped after $limit s, --seconds N gives more; the log ends with: $reason" ;;
        *) word=FAIL ;;
    esac
    [ "$word" = FAIL ] && failed=$((failed + 1))
    printf '%s\t%s\t%d\t%s\n' "$name" "$word" $((SECONDS - started)) "$reason" >>"$out/parts.tsv"
    printf '%-12s %-7s %4d s  %s\n' "$name" "$word" $((SECONDS - started)) "$reason"
}

main() {
    local seconds='' usual only='' name deadline failed=0 parts=(machine build device tests measure experiments sanitizer train report)
    quick='' data=${COMPILED_DATA:-} out=
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help)
                usage
                return
                ;;
            --quick) quick=yes ;;
            --seconds | --data | --only)
                [ $# -ge 2 ] || refuse "$1 needs a value"
                case $1 in
                    --seconds) seconds=$2 ;;
                    --data) data=$2 ;;
                    --only) only=$2 ;;
                esac
                shift
                ;;
            -*) refuse "unknown option '$1'" ;;
            *)
                [ -z "$out" ] || refuse "there is one OUT, not both '$out' and '$1'"
                out=$1
                ;;
        esac
        shift
    done
    [ -n "$out" ] || refuse 'where to? Usage: run.sh [--quick] OUT'
    usual=$(either 180 480)
    # Without a GPU there is nothing to hurry for: the compiler takes minutes on a machine with few processors.
    [ -n "$seconds" ] || seconds=$(if has_gpu; then say "$usual"; else say $((10 * usual)); fi)
    [[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || refuse "--seconds is '$seconds': it must be a whole number from 1 to 999999"
    if [ -n "$data" ]; then
        [ -d "$data" ] || refuse "there is no directory '$data' with the CIFAR-10 binary files (--data or COMPILED_DATA)"
        data=$(cd "$data" && pwd) || refuse "the directory '$data' cannot be entered"
    fi
    [ -z "$only" ] || IFS=, read -r -a parts <<<"$only"
    for name in "${parts[@]}"; do
        declare -F "part_$name" >/dev/null || refuse "there is no part '$name'"
    done
    mkdir -p "$out/logs" 2>/dev/null || refuse "'$out' cannot be made"
    out=$(cd "$out" && pwd)
    work=$kit/work
    mkdir -p "$work" 2>/dev/null || work=$(mktemp -d)
    : >"$out/parts.tsv"
    deadline=$((SECONDS + seconds))
    for name in "${parts[@]}"; do
        run_part "$name"
    done
    printf '\nReport in %s, logs in %s\n' "$out/report.md" "$out/logs"
    [ "$failed" -eq 0 ]
}

# Started by run_part.
if [ -n "${KIT_PART:-}" ]; then
    part=$KIT_PART out=$KIT_OUT work=$KIT_WORK quick=$KIT_QUICK data=$KIT_DATA
    unset KIT_PART KIT_OUT KIT_WORK KIT_QUICK KIT_DATA
    cd "$work" || exit 1
    "part_$part"
    exit
fi
main "$@"
