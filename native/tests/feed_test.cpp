// Feeds: what is sent arrives in order, also while older work still reads the target; sizes; misuse.
#include "device.h"

using namespace device;

namespace {

class Feed {
public:
    Feed(cn_buffer* buffer, int64_t offset, int64_t bytes, int32_t areas) { ok(cn_feed_create(buffer, offset, bytes, areas, &_feed)); }
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;
    ~Feed() { cn_feed_destroy(_feed); }
    operator cn_feed*() const { return _feed; }

    void* next() {
        void* area = nullptr;
        ok(cn_feed_next(_feed, &area));
        return area;
    }
    void send(const std::vector<float>& values) {
        auto bytes = static_cast<int64_t>(values.size() * sizeof(float));
        std::memcpy(next(), values.data(), static_cast<size_t>(bytes));
        ok(cn_feed_send(_feed, bytes));
    }

private:
    cn_feed* _feed = nullptr;
};

// Every batch is copied away by an op before the next arrives. Areas are overwritten as soon as they are given.
void test_order(const Device& device, int32_t areas) {
    constexpr int64_t Count = 96, Batches = 7;
    for_each_variant(device, [&](cn_context* context, bool) {
        Op copy(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_LINEAR, 1, Count, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
        State state(context, state_of(1));
        Array<float> x(context, Count), all(context, Count * Batches);
        Feed feed(x.buffer(), 0, Count * sizeof(float), areas);
        Random random(3);
        std::vector<float> expected;
        for (int64_t batch = 0; batch < Batches; ++batch) {
            std::vector<float> values = random.floats(Count);
            feed.send(values);
            ok(cn_activation_forward(copy, state, x, all.data() + batch * Count));
            expected.insert(expected.end(), values.begin(), values.end());
        }
        CHECK(all.same_bits(expected));
    });
}

void test_areas(const Device& device) {
    Context context(device);
    Array<char> target(context, 1000);
    Feed feed(target.buffer(), 64, 500, 3);
    void* areas[7];
    for (void*& area : areas) {
        area = feed.next();
        CHECK(reinterpret_cast<uintptr_t>(area) % 64 == 0);
        std::memset(area, 1, 500); // all of it is there
        ok(cn_feed_send(feed, 500));
    }
    for (int i = 3; i < 7; ++i) {
        CHECK(areas[i] == areas[i - 3]);
    }
    if (device.is_cuda()) {
        CHECK(areas[0] != areas[1] && areas[1] != areas[2] && areas[0] != areas[2]);
        CHECK(areas[0] != target.data() + 64);
    } else {
        CHECK(areas[0] == target.data() + 64 && areas[1] == areas[0]);
    }
}

// Only the bytes that are sent change, at the offset.
void test_sizes(const Device& device) {
    Context context(device);
    Array<float> target(context, std::vector<float>(64, 7.0f));
    Feed feed(target.buffer(), 16 * sizeof(float), 32 * sizeof(float), 2);
    std::vector<float> expected(64, 7.0f);
    for (size_t count : {size_t{32}, size_t{5}, size_t{1}}) {
        std::vector<float> values(count, static_cast<float>(count));
        feed.send(values);
        std::copy(values.begin(), values.end(), expected.begin() + 16);
        CHECK(target.same_bits(expected));
    }
    feed.next();
    ok(cn_feed_send(feed, 0));
    CHECK(target.same_bits(expected));
    Feed nothing(target.buffer(), 256, 0, 64);
    nothing.next();
    ok(cn_feed_send(nothing, 0));
}

void test_lifetime(const Device& device) {
    Context context(device);
    cn_context_info info{};
    info.struct_size = sizeof(info);
    cn_feed* feed = nullptr;
    {
        Array<float> target(context, 100);
        ok(cn_feed_create(target.buffer(), 0, 400, 2, &feed));
    }
    ok(cn_context_get_info(context, &info));
    CHECK(info.buffer_bytes == 400); // the feed needs it
    void* area = nullptr;
    ok(cn_feed_next(feed, &area));
    std::memset(area, 0, 400);
    ok(cn_feed_send(feed, 400));
    ok(cn_feed_destroy(feed)); // while it is on its way
    ok(cn_context_get_info(context, &info));
    CHECK(info.buffer_bytes == 0);
    ok(cn_feed_destroy(nullptr));
}

void expect(cn_status status, const char* words, int line) {
    bool right = status == CN_STATUS_INVALID_ARGUMENT && std::strstr(cn_last_error(), words) != nullptr;
    check::that(right, __FILE__, line, "status " + std::to_string(status) + ", \"" + cn_last_error() + "\", expected \"" + words + "\"");
}

#define INVALID(call, words) expect(call, words, __LINE__)

void test_misuse(const Device& device) {
    Context context(device);
    Array<char> target(context, 1000);
    cn_buffer* buffer = target.buffer();
    cn_feed* feed = nullptr;
    INVALID(cn_feed_create(buffer, 0, 1000, 0, &feed), "areas is 0: it must be from 1 to 64");
    INVALID(cn_feed_create(buffer, 0, 1000, 65, &feed), "areas is 65");
    INVALID(cn_feed_create(buffer, 0, 1001, 1, &feed), "the buffer has 1000 bytes");
    INVALID(cn_feed_create(buffer, 1000, 1, 1, &feed), "offset is 1000");
    INVALID(cn_feed_create(buffer, -1, 1, 1, &feed), "offset is -1");
    INVALID(cn_feed_create(buffer, 0, -1, 1, &feed), "bytes -1");
    INVALID(cn_feed_create(buffer, 0, 1000, 1, nullptr), "feed is null");
    INVALID(cn_feed_create(nullptr, 0, 1000, 1, &feed), "buffer is null");
    INVALID(cn_feed_create(reinterpret_cast<cn_buffer*>(static_cast<cn_context*>(context)), 0, 1, 1, &feed), "not of a buffer");
    CHECK(feed == nullptr);
    ok(cn_feed_create(buffer, 0, 1000, 2, &feed));
    void* area = nullptr;
    INVALID(cn_feed_next(feed, nullptr), "area is null");
    INVALID(cn_feed_next(nullptr, &area), "feed is null");
    INVALID(cn_feed_next(reinterpret_cast<cn_feed*>(buffer), &area), "not of a feed");
    CHECK(area == nullptr);
    INVALID(cn_feed_send(feed, 1000), "call cn_feed_next first");
    ok(cn_feed_next(feed, &area));
    INVALID(cn_feed_send(feed, -1), "bytes is -1");
    INVALID(cn_feed_send(feed, 1001), "bytes is 1001: it must be from 0 to 1000");
    INVALID(cn_buffer_destroy(reinterpret_cast<cn_buffer*>(feed)), "is the handle of a feed");
    ok(cn_feed_destroy(feed));
    INVALID(cn_feed_destroy(feed), "no live handle");
    INVALID(cn_feed_next(feed, &area), "no live handle");
    INVALID(cn_feed_send(feed, 0), "no live handle");
}

} // namespace

int main() {
    for_each_kind([](const Device& device) {
        for (int32_t areas : {1, 2, 3, 64}) {
            test_order(device, areas);
        }
        test_areas(device);
        test_sizes(device);
        test_lifetime(device);
        test_misuse(device);
    });
    return check::result();
}
