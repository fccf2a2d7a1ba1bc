// Names of functions, for reports.
#pragma once

#include <string>

namespace compiled::sim {

// The demangled name of the function at this address, also of one that its library does not export; "" where no symbol was kept.
std::string function_name(const void* address);

} // namespace compiled::sim
