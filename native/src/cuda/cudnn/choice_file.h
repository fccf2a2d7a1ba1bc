// The file that keeps what contests have found: one per device, version of cuDNN and version of this library, shared by all processes of a
// user.
//
// A line of the file is "key = choice". What it has that cannot be read, or a first line of another version, is as if it were not there.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace compiled::cuda::cudnn {

// XDG_CACHE_HOME/compiled or ~/.cache/compiled, on Windows LOCALAPPDATA\compiled; "" where the environment names none.
std::string choice_folder();
std::string choice_file_name(const std::string& device_name, int64_t cudnn_version);

// By key; empty where there is no file.
std::map<std::string, std::string> read_choices(const std::string& path);

// Adds a line or replaces it. Others who read see the old file or the new one. Returns whether it could be written; folders are made.
bool write_choice(const std::string& path, const std::string& key, const std::string& choice);

} // namespace compiled::cuda::cudnn
