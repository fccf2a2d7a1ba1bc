// Exports: version, layout report, contexts, Philox.
#include "arguments.h"
#include "backends.h"
#include "checks.h"
#include "common/philox.h"
#include "guard.h"
#include "handles.h"
#include "layout.h"

#include <algorithm>

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_context_desc& desc) {
    require_enumerator("device", desc.device, CN_DEVICE_CUDA, "cn_device");
    require_range({"ordinal", desc.ordinal}, 0, desc.device == CN_DEVICE_CPU ? 0 : INT32_MAX);
    require_range({"threads", desc.threads}, 0, MaxThreads, "; 0 takes all processors");
    require_enumerator("instruction_set", desc.instruction_set, CN_INSTRUCTION_SET_WIDE, "cn_instruction_set");
    require_reserved(desc.reserved);
}

} // namespace

cn_status cn_abi_version(uint32_t* version) {
    return guarded("cn_abi_version", [=] {
        require_pointer("version", version, alignof(uint32_t));
        *version = CN_ABI_VERSION;
    });
}

cn_status cn_layout_report(char* host_text, int64_t capacity, int64_t* length) {
    return guarded("cn_layout_report", [=] { write_text(layout_report(), host_text, capacity, length); });
}

cn_status cn_context_create(const cn_context_desc* desc, cn_context** context) {
    return guarded("cn_context_create", [=] {
        require_out("context", context);
        cn_context_desc checked = read_desc(desc);
        validate(checked);
        auto created = std::make_shared<ContextState>();
        created->backend = open_backend(checked);
        *context = to_pointer<cn_context>(insert_handle(std::move(created)));
    });
}

cn_status cn_context_get_info(cn_context* context, cn_context_info* info) {
    return guarded("cn_context_get_info", [=] {
        std::shared_ptr<ContextState> state = find_context(context);
        cn_context_info filled = read_desc(info);
        filled.device = state->backend->device();
        filled.threads = state->backend->threads();
        filled.instruction_set = state->backend->instruction_set();
        filled.buffer_bytes = state->buffer_bytes.load(std::memory_order_relaxed);
        filled.scratch_bytes = state->backend->scratch_bytes();
        MemoryInfo memory = state->backend->memory();
        require_success(*state->backend);
        filled.total_bytes = memory.total_bytes;
        filled.free_bytes = memory.free_bytes;
        filled.records_graphs = state->backend->records_graphs() ? 1 : 0;
        filled.reserved = 0;
        *info = filled;
    });
}

cn_status cn_context_describe(cn_context* context, char* host_text, int64_t capacity, int64_t* length) {
    return guarded("cn_context_describe", [=] { write_text(find_context(context)->backend->description(), host_text, capacity, length); });
}

cn_status cn_context_synchronize(cn_context* context) {
    return guarded("cn_context_synchronize", [=] {
        std::shared_ptr<ContextState> state = find_context(context);
        Outside outside(state->recording);
        state->backend->synchronize();
        require_success(*state->backend);
    });
}

cn_status cn_context_destroy(cn_context* context) {
    return guarded("cn_context_destroy", [=] {
        if (context != nullptr) {
            remove_context(context);
        }
    });
}

cn_status cn_philox(const uint32_t* host_counter, const uint32_t* host_key, uint32_t* host_output) {
    return guarded("cn_philox", [=] {
        require_pointer("host_counter", host_counter, alignof(uint32_t));
        require_pointer("host_key", host_key, alignof(uint32_t));
        require_pointer("host_output", host_output, alignof(uint32_t));
        PhiloxBlock block = philox4x32({{host_counter[0], host_counter[1], host_counter[2], host_counter[3]}}, host_key[0], host_key[1]);
        std::copy_n(block.words, 4, host_output);
    });
}
