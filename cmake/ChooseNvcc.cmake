# Decides whether the CUDA backend is built, and with what. No GPU is asked for anything: the machine that builds needs none.
#
# In:   COMPILED_CUDA (AUTO, ON, OFF); CMAKE_CUDA_COMPILER or CUDACXX, CMAKE_CUDA_HOST_COMPILER or CUDAHOSTCXX, CMAKE_CUDA_ARCHITECTURES
#       or CUDAARCHS, where the caller has wishes.
# Out:  compiled_cuda_found; compiled_cuda_reason, why not; and the language CUDA's own variables, ready for enable_language(CUDA).
include(CheckLanguage)

# Unset what an earlier configuration did not find: it may have been installed since.
foreach(variable IN ITEMS CMAKE_CUDA_COMPILER CMAKE_CUDA_HOST_COMPILER)
    if(DEFINED ${variable} AND NOT ${variable})
        unset(${variable})
        unset(${variable} CACHE)
    endif()
endforeach()

# compiled_program(RESULT NAME [FOLDER...]): the path of a program, or ""; looked for every time.
function(compiled_program result name)
    unset(compiled_program_path CACHE)
    find_program(compiled_program_path NAMES "${name}" PATHS ${ARGN})
    if(compiled_program_path)
        set(${result} "${compiled_program_path}" PARENT_SCOPE)
    else()
        set(${result} "" PARENT_SCOPE)
    endif()
    unset(compiled_program_path CACHE)
endfunction()

# compiled_find_nvcc(RESULT): the path of nvcc, or "".
function(compiled_find_nvcc result)
    set(name nvcc)
    if(CMAKE_CUDA_COMPILER)
        set(name "${CMAKE_CUDA_COMPILER}")
    elseif(DEFINED ENV{CUDACXX})
        set(name "$ENV{CUDACXX}")
    endif()
    compiled_program(nvcc "${name}" "$ENV{CUDA_PATH}/bin" "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin /opt/cuda/bin)
    set(${result} "${nvcc}" PARENT_SCOPE)
endfunction()

# compiled_nvcc_version(RESULT NVCC): "11.8", or "" where that is no nvcc.
function(compiled_nvcc_version result nvcc)
    execute_process(COMMAND "${nvcc}" --version OUTPUT_VARIABLE output ERROR_QUIET)
    set(${result} "" PARENT_SCOPE)
    if(output MATCHES "release ([0-9]+\\.[0-9]+)")
        set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
    endif()
endfunction()

# compiled_host_compiler_fits(RESULT NVCC COMPILER): whether this nvcc takes that compiler for the code of the host. The headers of the
# toolkit say which versions they know; some that they take cannot compile the standard library all the same.
function(compiled_host_compiler_fits result nvcc compiler)
    set(folder "${CMAKE_BINARY_DIR}/CMakeFiles/compiled_host_compiler")
    file(WRITE "${folder}/probe.cu" [[
#include <functional>
#include <memory>
#include <string>
#include <tuple>
__global__ void probe_kernel(float* y) { *y = 1; }
void* probe() {
    static std::function<std::tuple<std::string, int>()> make = [] { return std::make_tuple(std::string("x"), 1); };
    static auto made = std::make_unique<std::tuple<std::string, int>>(make());
    return reinterpret_cast<void*>(&probe_kernel);
}
]])
    # Linking shows a compiler that lacks its standard library.
    execute_process(
        COMMAND "${nvcc}" -std=c++17 -ccbin "${compiler}" -shared -Xcompiler=-fPIC "${folder}/probe.cu" -o "${folder}/probe.so"
        RESULT_VARIABLE status OUTPUT_FILE "${folder}/output.txt" ERROR_FILE "${folder}/errors.txt")
    if(status EQUAL 0)
        set(${result} TRUE PARENT_SCOPE)
    else()
        set(${result} FALSE PARENT_SCOPE)
    endif()
endfunction()

# compiled_find_host_compiler(RESULT NVCC): the project's own compiler where nvcc takes it, else the newest GCC, then Clang, that it takes.
function(compiled_find_host_compiler result nvcc)
    set(candidates "${CMAKE_CXX_COMPILER}")
    foreach(name IN ITEMS g++ g++-15 g++-14 g++-13 g++-12 g++-11 g++-10 g++-9
            clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)
        compiled_program(candidate ${name})
        list(APPEND candidates ${candidate})
    endforeach()
    set(tried)
    set(${result} "" PARENT_SCOPE)
    foreach(candidate IN LISTS candidates)
        file(REAL_PATH "${candidate}" file)
        if(file IN_LIST tried)
            continue()
        endif()
        list(APPEND tried "${file}")
        compiled_host_compiler_fits(fits "${nvcc}" "${candidate}")
        if(fits)
            set(${result} "${candidate}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
endfunction()

# compiled_default_architectures(RESULT VERSION): machine code for what the toolkit knows from Ampere on, and PTX of the newest for what
# comes later.
function(compiled_default_architectures result version)
    set(known 80 86 89 90)
    if(version VERSION_LESS 11.8)
        set(known 80 86)
    elseif(version VERSION_GREATER_EQUAL 12.8)
        list(APPEND known 100 120)
    endif()
    list(POP_BACK known newest)
    list(TRANSFORM known APPEND -real)
    set(${result} "${known};${newest}" PARENT_SCOPE) # without a suffix: machine code and PTX
endfunction()

set(compiled_cuda_found FALSE)
set(compiled_cuda_reason "")
set(remedy "install the CUDA toolkit 11.8 or later")

if(COMPILED_CUDA STREQUAL "OFF" OR NOT COMPILED_CUDA)
    set(compiled_cuda_reason "it was not asked for (COMPILED_CUDA=OFF)")
    return()
endif()
if(APPLE)
    set(compiled_cuda_reason "there is no CUDA for macOS")
    return()
endif()

compiled_find_nvcc(nvcc)
if(NOT nvcc AND NOT CMAKE_GENERATOR MATCHES "Visual Studio")
    set(compiled_cuda_reason "nvcc was not found on the path, in CUDA_PATH, CUDA_HOME or /usr/local/cuda: ${remedy}")
    return()
endif()
set(version "")
if(nvcc)
    compiled_nvcc_version(version "${nvcc}")
    if(version VERSION_LESS 11.8)
        set(compiled_cuda_reason "${nvcc} is version '${version}': ${remedy}")
        return()
    endif()
endif()

# Before the language is enabled, because that fills in an architecture of its own.
if(version AND NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
    compiled_default_architectures(architectures "${version}")
    set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "Compute capabilities to compile the CUDA backend for")
endif()

if(CMAKE_GENERATOR MATCHES "Visual Studio")
    check_language(CUDA) # through the build customizations that the toolkit's installer adds to Visual Studio
    if(NOT CMAKE_CUDA_COMPILER)
        set(compiled_cuda_reason "Visual Studio cannot compile CUDA: ${remedy}, with its Visual Studio integration")
        return()
    endif()
elseif(WIN32)
    # nvcc takes no host compiler but cl, which the developer prompt has on its path.
    set(CMAKE_CUDA_COMPILER "${nvcc}" CACHE FILEPATH "CUDA compiler")
    compiled_program(cl cl)
    if(NOT cl)
        set(compiled_cuda_reason "nvcc needs cl.exe: configure in a Developer PowerShell for VS")
        return()
    endif()
else()
    if(NOT CMAKE_CUDA_HOST_COMPILER AND NOT DEFINED ENV{CUDAHOSTCXX})
        compiled_find_host_compiler(host "${nvcc}")
        if(NOT host)
            string(CONCAT compiled_cuda_reason
                "nvcc ${version} takes none of the C++ compilers here: install an older one, such as g++-11 "
                "(Debian: apt-get install g++-11), or name one in CMAKE_CUDA_HOST_COMPILER; what it says is in "
                "${CMAKE_BINARY_DIR}/CMakeFiles/compiled_host_compiler/errors.txt")
            return()
        endif()
        set(CMAKE_CUDA_HOST_COMPILER "${host}" CACHE FILEPATH "What nvcc compiles the code of the host with")
    endif()
    set(CMAKE_CUDA_COMPILER "${nvcc}" CACHE FILEPATH "CUDA compiler")
endif()
set(compiled_cuda_found TRUE)
