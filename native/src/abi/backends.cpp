#include "backends.h"

#include "common/plugin.h"
#include "cpu/context.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace compiled::abi {

namespace {

constexpr const char* LibraryVariable = "COMPILED_CUDA_LIBRARY";

#if defined(_WIN32)
constexpr const char* LibraryName = "compiled_cuda.dll";
#elif defined(__APPLE__)
constexpr const char* LibraryName = "libcompiled_cuda.dylib";
#else
constexpr const char* LibraryName = "libcompiled_cuda.so";
#endif

// The file that this code is in.
std::string own_path() {
#if defined(_WIN32)
    HMODULE module = nullptr;
    char path[MAX_PATH];
    DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    GetModuleHandleExA(flags, reinterpret_cast<const char*>(&own_path), &module);
    return {path, GetModuleFileNameA(module, path, sizeof(path))};
#else
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(&own_path), &info);
    return info.dli_fname == nullptr ? "" : info.dli_fname;
#endif
}

std::string library_path() {
    const char* named = std::getenv(LibraryVariable);
    if (named != nullptr && *named != '\0') {
        return named;
    }
    std::string own = own_path();
    size_t slash = own.find_last_of("/\\");
    return slash == std::string::npos ? LibraryName : own.substr(0, slash + 1) + LibraryName;
}

// The ordinary case, of a machine without GPU: said in few words.
void require_file(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        fail(CN_STATUS_UNSUPPORTED, "there is no CUDA backend here: no file '%s'; build it where the CUDA toolkit is, or name it in %s",
             path.c_str(), LibraryVariable);
    }
}

[[noreturn]] void fail_to_load(const std::string& path, const std::string& reason) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend '%s' cannot be loaded: %s; build it anew, or name another in %s", path.c_str(),
         reason.c_str(), LibraryVariable);
}

OpenBackend load_library(const std::string& path) {
    require_file(path);
#if defined(_WIN32)
    HMODULE library = LoadLibraryA(path.c_str());
    if (library == nullptr) {
        fail_to_load(path, "Windows error " + std::to_string(GetLastError()));
    }
    auto open = reinterpret_cast<OpenBackend>(reinterpret_cast<void*>(GetProcAddress(library, OpenBackendName)));
#else
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* reason = dlerror();
        fail_to_load(path, reason == nullptr ? "no reason was given" : reason);
    }
    auto open = reinterpret_cast<OpenBackend>(dlsym(library, OpenBackendName));
#endif
    if (open == nullptr) {
        fail_to_load(path, std::string("it has no function ") + OpenBackendName);
    }
    return open;
}

std::unique_ptr<Backend> open_cuda(const cn_context_desc& desc) {
    static const OpenBackend open = load_library(library_path()); // tried again after a failure
    Failure failure{};
    std::unique_ptr<Backend> backend(open(CN_ABI_VERSION, &desc, &failure));
    if (backend == nullptr) {
        fail(failure.status, "%s", failure.reason);
    }
    return backend;
}

} // namespace

std::unique_ptr<Backend> open_backend(const cn_context_desc& desc) {
    return desc.device == CN_DEVICE_CUDA ? open_cuda(desc) : std::make_unique<cpu::Context>(desc);
}

void require_success(Backend& backend) {
    if (const Failure* failure = backend.take_failure()) {
        fail(failure->status, "%s", failure->reason);
    }
}

} // namespace compiled::abi
