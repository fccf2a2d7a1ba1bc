// Exports: buffers, and the feeds that fill them.
#include "arguments.h"
#include "backends.h"
#include "guard.h"
#include "handles.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

constexpr int32_t MaxAreas = 64;

// The bytes [offset, offset + bytes) of a buffer.
char* range_of(const BufferEntry& buffer, int64_t offset, int64_t bytes) {
    if (offset < 0 || bytes < 0 || offset > buffer.bytes || bytes > buffer.bytes - offset) {
        fail(CN_STATUS_INVALID_ARGUMENT, "offset is %lld and bytes %lld: the buffer has %lld bytes", static_cast<long long>(offset),
             static_cast<long long>(bytes), static_cast<long long>(buffer.bytes));
    }
    return static_cast<char*>(buffer.address) + offset;
}

} // namespace

cn_status cn_buffer_create(cn_context* context, int64_t bytes, cn_buffer** buffer) {
    return guarded("cn_buffer_create", [=] {
        require_out("buffer", buffer);
        std::shared_ptr<ContextState> owner = find_context(context);
        require_no_recording(*owner);
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
        require_no_recording(*entry->context);
        char* target = range_of(*entry, offset, bytes);
        if (bytes > 0) {
            require_pointer("host_source", host_source, 1);
            entry->context->backend->write(target, host_source, bytes);
            require_success(*entry->context->backend);
        }
    });
}

cn_status cn_buffer_read(cn_buffer* buffer, int64_t offset, void* host_target, int64_t bytes) {
    return guarded("cn_buffer_read", [=] {
        std::shared_ptr<BufferEntry> entry = find_buffer(buffer);
        require_no_recording(*entry->context);
        const char* source = range_of(*entry, offset, bytes);
        if (bytes > 0) {
            require_pointer("host_target", host_target, 1);
            entry->context->backend->read(host_target, source, bytes);
            require_success(*entry->context->backend);
        }
    });
}

cn_status cn_buffer_clear(cn_buffer* buffer, int64_t offset, int64_t bytes) {
    return guarded("cn_buffer_clear", [=] {
        std::shared_ptr<BufferEntry> entry = find_buffer(buffer);
        require_no_recording(*entry->context);
        entry->context->backend->clear(range_of(*entry, offset, bytes), bytes);
        require_success(*entry->context->backend);
    });
}

cn_status cn_buffer_destroy(cn_buffer* buffer) {
    return guarded("cn_buffer_destroy", [=] {
        if (buffer != nullptr) {
            remove_buffer(buffer);
        }
    });
}

cn_status cn_feed_create(cn_buffer* buffer, int64_t offset, int64_t bytes, int32_t areas, cn_feed** feed) {
    return guarded("cn_feed_create", [=] {
        require_out("feed", feed);
        auto entry = std::make_shared<FeedEntry>();
        entry->buffer = find_buffer(buffer);
        entry->bytes = bytes;
        ContextState& context = *entry->buffer->context;
        require_no_recording(context);
        if (areas < 1 || areas > MaxAreas) {
            fail(CN_STATUS_INVALID_ARGUMENT, "areas is %d: it must be from 1 to %d", areas, MaxAreas);
        }
        entry->feed = context.backend->make_feed(range_of(*entry->buffer, offset, bytes), bytes, areas);
        require_success(*context.backend);
        *feed = to_pointer<cn_feed>(insert_handle(std::move(entry)));
    });
}

cn_status cn_feed_next(cn_feed* feed, void** area) {
    return guarded("cn_feed_next", [=] {
        require_out("area", area);
        std::shared_ptr<FeedEntry> entry = find_feed(feed);
        ContextState& context = *entry->buffer->context;
        require_no_recording(context);
        std::lock_guard turn(entry->turn);
        void* next = entry->feed->next();
        require_success(*context.backend);
        entry->has_given = true;
        *area = next;
    });
}

cn_status cn_feed_send(cn_feed* feed, int64_t bytes) {
    return guarded("cn_feed_send", [=] {
        std::shared_ptr<FeedEntry> entry = find_feed(feed);
        ContextState& context = *entry->buffer->context;
        require_no_recording(context);
        if (bytes < 0 || bytes > entry->bytes) {
            fail(CN_STATUS_INVALID_ARGUMENT, "bytes is %lld: it must be from 0 to %lld, the bytes of an area",
                 static_cast<long long>(bytes), static_cast<long long>(entry->bytes));
        }
        std::lock_guard turn(entry->turn);
        if (!entry->has_given) {
            fail(CN_STATUS_INVALID_ARGUMENT, "the feed has given no area that could be sent; call cn_feed_next first");
        }
        entry->feed->send(bytes);
        require_success(*context.backend);
    });
}

cn_status cn_feed_destroy(cn_feed* feed) {
    return guarded("cn_feed_destroy", [=] {
        if (feed != nullptr) {
            remove_feed(feed);
        }
    });
}
