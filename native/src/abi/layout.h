// What this library was compiled to believe about compiled.h, for comparison with the caller's belief.
#pragma once

#include <string>

namespace compiled::abi {

std::string layout_report();

} // namespace compiled::abi
