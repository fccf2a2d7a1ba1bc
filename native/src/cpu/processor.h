// What this processor can do.
#pragma once

#include "compiled.h"

#include <string>

namespace compiled::cpu {

// Whether the processor and the operating system (which must save the registers) support the kernels of `set`, and this build has them.
bool supports(cn_instruction_set set) noexcept;

// The widest supported set that is meant for use, so never CN_INSTRUCTION_SET_WIDE.
cn_instruction_set best_instruction_set() noexcept;

// "baseline", "AVX2", ... for messages.
const char* instruction_set_name(cn_instruction_set set) noexcept;

// "AMD EPYC 7B13 64-Core Processor".
std::string processor_name();

// Processors that this process may run on, at least 1.
int processor_count() noexcept;

} // namespace compiled::cpu
