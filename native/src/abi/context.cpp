// Exports: version, layout report, contexts, buffers, Philox.
#include "cpu/context.h"
#include "arguments.h"
#include "common/philox.h"
#include "guard.h"
#include "handles.h"
#include "layout.h"
#include "validation.h"

#include <algorithm>

using namespace compiled;
using namespace compiled::abi;

namespace {

template <class Handle>
Handle* to_pointer(uint64_t handle) {
    return reinterpret_cast<Handle*>(handle);
}

void require_out(const char* name, const void* pointer) {
    require_pointer(name, pointer, alignof(void*));
}

std::unique_ptr<Backend> make_backend(const cn_context_desc& desc) {
    if (desc.device == CN_DEVICE_CUDA) {
        fail(CN_STATUS_UNSUPPORTED, "device is CN_DEVICE_CUDA, but this build of the library has no CUDA backend; use CN_DEVICE_CPU");
    }
    return std::make_unique<cpu::Context>(desc);
}

// The bytes [offset, offset + bytes) of a buffer.
char* range_of(const BufferEntry& buffer, int64_t offset, int64_t bytes) {
    if (offset < 0 || bytes < 0 || offset > buffer.bytes || bytes > buffer.bytes - offset) {
        fail(CN_STATUS_INVALID_ARGUMENT, "offset is %lld and bytes %lld: the buffer has %lld bytes", static_cast<long long>(offset),
             static_cast<long long>(bytes), static_cast<long long>(buffer.bytes));
    }
    return static_cast<char*>(buffer.address) + offset;
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
        created->backend = make_backend(checked);
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
        *info = filled;
    });
}

cn_status cn_context_describe(cn_context* context, char* host_text, int64_t capacity, int64_t* length) {
    return guarded("cn_context_describe", [=] { write_text(find_context(context)->backend->describe(), host_text, capacity, length); });
}

cn_status cn_context_synchronize(cn_context* context) {
    return guarded("cn_context_synchronize", [=] { find_context(context)->backend->synchronize(); });
}

cn_status cn_context_destroy(cn_context* context) {
    return guarded("cn_context_destroy", [=] {
        if (context != nullptr) {
            remove_context(context);
        }
    });
}

cn_status cn_buffer_create(cn_context* context, int64_t bytes, cn_buffer** buffer) {
    return guarded("cn_buffer_create", [=] {
        require_out("buffer", buffer);
        std::shared_ptr<ContextState> owner = find_context(context);
        if (bytes < 0) {
            fail(CN_STATUS_INVALID_ARGUMENT, "bytes is %lld: it must be at least 0", static_cast<long long>(bytes));
        }
        *buffer = to_pointer<cn_buffer>(insert_handle(std::make_shared<BufferEntry>(owner, bytes)));
    });
}

cn_status cn_buffer_address(cn_buffer* buffer, void** address) {
    return guarded("cn_buffer_address", [=] {
        require_out("address", address);
        *address = find_buffer(buffer)->address;
    });
}

cn_status cn_buffer_write(cn_buffer* buffer, int64_t offset, const void* host_source, int64_t bytes) {
    return guarded("cn_buffer_write", [=] {
        std::shared_ptr<BufferEntry> entry = find_buffer(buffer);
        char* target = range_of(*entry, offset, bytes);
        if (bytes > 0) {
            require_pointer("host_source", host_source, 1);
            entry->context->backend->write(target, host_source, bytes);
        }
    });
}

cn_status cn_buffer_read(cn_buffer* buffer, int64_t offset, void* host_target, int64_t bytes) {
    return guarded("cn_buffer_read", [=] {
        std::shared_ptr<BufferEntry> entry = find_buffer(buffer);
        const char* source = range_of(*entry, offset, bytes);
        if (bytes > 0) {
            require_pointer("host_target", host_target, 1);
            entry->context->backend->read(host_target, source, bytes);
        }
    });
}

cn_status cn_buffer_clear(cn_buffer* buffer, int64_t offset, int64_t bytes) {
    return guarded("cn_buffer_clear", [=] {
        std::shared_ptr<BufferEntry> entry = find_buffer(buffer);
        entry->context->backend->clear(range_of(*entry, offset, bytes), bytes);
    });
}

cn_status cn_buffer_destroy(cn_buffer* buffer) {
    return guarded("cn_buffer_destroy", [=] {
        if (buffer != nullptr) {
            remove_buffer(buffer);
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
