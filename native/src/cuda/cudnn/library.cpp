#include "library.h"

#include "choice.h"
#include "common/error.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace compiled::cuda::cudnn {

namespace {

constexpr const char* LibraryVariable = "COMPILED_CUDNN_LIBRARY";
constexpr const char* SwitchVariable = "COMPILED_CUDNN";

// Where cuDNN is looked for. On the simulator there is none but the one that is named: the real one knows nothing of its memory.
std::vector<std::string> usual_names() {
#if !defined(__CUDACC__)
    return {};
#elif defined(_WIN32)
    return {"cudnn64_9.dll", "cudnn64_8.dll"};
#else
    return {"libcudnn.so.9", "libcudnn.so.8"};
#endif
}

// The libraries that cuDNN's own loads when a convolution is first asked for. Where one is missing it ends the process.
std::vector<std::string> parts_of(int major) {
#if defined(_WIN32)
    return major == 9 ? std::vector<std::string>{"cudnn_ops64_9.dll", "cudnn_cnn64_9.dll"}
                      : std::vector<std::string>{"cudnn_ops_infer64_8.dll", "cudnn_cnn_infer64_8.dll", "cudnn_cnn_train64_8.dll"};
#else
    return major == 9 ? std::vector<std::string>{"libcudnn_ops.so.9", "libcudnn_cnn.so.9"}
                      : std::vector<std::string>{"libcudnn_ops_infer.so.8", "libcudnn_cnn_infer.so.8", "libcudnn_cnn_train.so.8"};
#endif
}

#if defined(_WIN32)

void* open(const std::string& path, std::string& reason) {
    HMODULE library = LoadLibraryA(path.c_str());
    reason = library == nullptr ? "Windows error " + std::to_string(GetLastError()) : "";
    return library;
}

void* find(void* library, const char* name) {
    return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

std::string path_of(const void* function) {
    HMODULE module = nullptr;
    char path[MAX_PATH];
    DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    GetModuleHandleExA(flags, static_cast<const char*>(function), &module);
    return {path, GetModuleFileNameA(module, path, sizeof(path))};
}

#else

void* open(const std::string& path, std::string& reason) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    const char* words = library == nullptr ? dlerror() : nullptr;
    reason = words == nullptr ? "" : words;
    return library;
}

void* find(void* library, const char* name) {
    return dlsym(library, name);
}

std::string path_of(const void* function) {
    Dl_info info{};
    return dladdr(function, &info) == 0 || info.dli_fname == nullptr ? "" : info.dli_fname;
}

#endif

bool is_nvidias(const std::string& path) {
    size_t slash = path.find_last_of("/\\");
    std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    return name.rfind("libcudnn.so", 0) == 0 || name.rfind("cudnn64_", 0) == 0;
}

// Whether the part is beside the library, as far as that looks, or where the system looks.
bool opens_part(const std::string& library_path, const std::string& part, std::string& reason) {
    size_t slash = library_path.find_last_of("/\\");
    std::string beside = slash == std::string::npos ? part : library_path.substr(0, slash + 1) + part;
    return open(beside, reason) != nullptr || open(part, reason) != nullptr;
}

bool opens_parts(const Library& library, std::string& reason) {
    std::string path = path_of(reinterpret_cast<const void*>(library.cudnnGetVersion));
    if (!is_nvidias(path)) {
        return true;
    }
    for (const std::string& part : parts_of(major_version(library.version))) {
        if (!opens_part(path, part, reason)) {
            reason = "its part " + part + " cannot be loaded: " + reason;
            return false;
        }
    }
    return true;
}

bool resolve(void* handle, Library& library, std::string& reason) {
#define CN_CUDNN_RESOLVE(name)                                                                                                             \
    library.name = reinterpret_cast<decltype(library.name)>(find(handle, #name));                                                          \
    if (library.name == nullptr) {                                                                                                         \
        reason = "it has no function " #name;                                                                                              \
        return false;                                                                                                                      \
    }
    CN_CUDNN_FUNCTIONS(CN_CUDNN_RESOLVE)
#undef CN_CUDNN_RESOLVE
    return true;
}

// Null and the reason.
std::unique_ptr<Library> load(const std::string& path, std::string& reason) {
    void* handle = open(path, reason);
    auto library = std::make_unique<Library>();
    if (handle == nullptr || !resolve(handle, *library, reason)) {
        return nullptr;
    }
    library->version = static_cast<int64_t>(library->cudnnGetVersion());
    if (major_version(library->version) == 0) {
        reason = "it is of version " + std::to_string(library->version) + ", not 8 or 9";
        return nullptr;
    }
    return opens_parts(*library, reason) ? std::move(library) : nullptr;
}

std::unique_ptr<Library> load_usual() {
    for (const std::string& name : usual_names()) {
        std::string reason;
        std::unique_ptr<Library> library = load(name, reason);
        if (library != nullptr) {
            return library;
        }
    }
    return nullptr;
}

std::unique_ptr<Library> load_named_or_usual() {
    const char* named = std::getenv(LibraryVariable);
    if (named == nullptr || *named == '\0') {
        return load_usual();
    }
    std::string reason;
    std::unique_ptr<Library> library = load(named, reason);
    if (library == nullptr) {
        fail(CN_STATUS_UNSUPPORTED, "%s is '%s', which is not a cuDNN that can be used: %s. Correct it, or set %s=off", LibraryVariable,
             named, reason.c_str(), SwitchVariable);
    }
    return library;
}

} // namespace

const Library* find_library() {
    static const std::unique_ptr<Library> library = load_named_or_usual(); // tried again where it throws
    return library.get();
}

bool is_wanted() {
    const char* value = std::getenv(SwitchVariable);
    return value == nullptr || std::strcmp(value, "off") != 0;
}

} // namespace compiled::cuda::cudnn
