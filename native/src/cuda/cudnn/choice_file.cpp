#include "choice_file.h"

#include "compiled.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

namespace compiled::cuda::cudnn {

namespace {

namespace fs = std::filesystem;

constexpr const char* FirstLine = "compiled: convolutions, 1";
constexpr const char* Separator = " = ";
constexpr std::streamoff MostBytes = 4 << 20; // of a file that is read

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string process_number() {
#if defined(_WIN32)
    return std::to_string(_getpid());
#else
    return std::to_string(getpid());
#endif
}

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(0, std::ios::end);
    if (!file || file.tellg() > MostBytes) {
        return "";
    }
    file.seekg(0);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool write_all(const fs::path& path, const std::map<std::string, std::string>& choices) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << FirstLine << '\n';
    for (const auto& [key, choice] : choices) {
        file << key << Separator << choice << '\n';
    }
    file.close();
    return !file.fail();
}

} // namespace

std::string choice_folder() {
#if defined(_WIN32)
    std::string base = variable("LOCALAPPDATA");
#else
    std::string base = variable("XDG_CACHE_HOME");
    if (!fs::path(base).is_absolute()) { // as its specification says
        std::string home = variable("HOME");
        base = home.empty() ? "" : home + "/.cache";
    }
#endif
    return base.empty() ? "" : (fs::path(base) / "compiled").string();
}

std::string choice_file_name(const std::string& device_name, int64_t cudnn_version) {
    std::string name;
    for (char c : device_name) {
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += is_plain ? c : '-';
    }
    return "conv2d-" + name + "-cudnn" + std::to_string(cudnn_version) + "-abi" + std::to_string(CN_ABI_VERSION) + ".txt";
}

std::map<std::string, std::string> read_choices(const std::string& path) {
    std::map<std::string, std::string> choices;
    std::istringstream lines(contents(path));
    std::string line;
    if (!std::getline(lines, line) || line != FirstLine) {
        return choices;
    }
    while (std::getline(lines, line)) {
        size_t separator = line.find(Separator);
        bool is_whole = !lines.eof(); // the last line ends, too: else it may be half of one
        if (is_whole && separator != std::string::npos && separator > 0) {
            choices[line.substr(0, separator)] = line.substr(separator + std::string(Separator).size());
        }
    }
    return choices;
}

bool write_choice(const std::string& path, const std::string& key, const std::string& choice) {
    std::map<std::string, std::string> choices = read_choices(path);
    choices[key] = choice;
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    fs::path written = path + '.' + process_number();
    if (!write_all(written, choices)) {
        fs::remove(written, error);
        return false;
    }
    fs::rename(written, path, error);
    if (error) {
        std::error_code ignored;
        fs::remove(written, ignored);
    }
    return !error;
}

} // namespace compiled::cuda::cudnn
