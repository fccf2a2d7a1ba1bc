// A thread's current CUDA device is after every call what it was before, and no device is woken for that. Only the simulator has two
// devices anywhere.
#include "device.h"

#include <thread>

using namespace device;

namespace {

#if defined(_WIN32)
void* function_of(const char*) {
    return nullptr;
}
#else
void* function_of(const char* name) {
    const char* path = std::getenv("COMPILED_CUDA_LIBRARY");
    void* library = path == nullptr ? nullptr : dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    void* function = library == nullptr ? nullptr : dlsym(library, name);
    if (library != nullptr) {
        dlclose(library);
    }
    return function;
}
#endif

int current_device() {
    return reinterpret_cast<int (*)()>(function_of("compiled_sim_current_device"))();
}
bool choose_device(int device) {
    return reinterpret_cast<int (*)(int)>(function_of("compiled_sim_set_device"))(device) == 1;
}
bool is_active(int device) {
    return reinterpret_cast<int (*)(int)>(function_of("compiled_sim_is_active"))(device) == 1;
}

cn_context* make_context(int ordinal, cn_status expected = CN_STATUS_OK) {
    cn_context_desc desc = context_desc(Cuda, 1);
    desc.ordinal = ordinal;
    cn_context* context = nullptr;
    CHECK(cn_context_create(&desc, &context) == expected);
    return context;
}

// Everything that there is to ask of a context on device 1, by a thread whose device is `chosen`.
void test_calls(int chosen) {
    check::scope = "device " + std::to_string(chosen);
    CHECK(choose_device(chosen));
    int calls = 0;
    auto then = [&](cn_status status) {
        ok(status);
        check::that(current_device() == chosen, __FILE__, __LINE__, "call " + std::to_string(++calls) + " changed the current device");
    };
    constexpr int64_t Large = 100000; // crosses to the device on a stream of its own
    cn_context* context = make_context(1);
    then(CN_STATUS_OK);
    cn_context_info info{};
    info.struct_size = sizeof(info);
    then(cn_context_get_info(context, &info));
    cn_buffer* buffer = nullptr;
    then(cn_buffer_create(context, Large, &buffer));
    void* address = nullptr;
    then(cn_buffer_address(buffer, &address));
    cn_state state = state_of(1);
    then(cn_buffer_write(buffer, 0, &state, sizeof(state)));
    then(cn_buffer_clear(buffer, 1024, 64));
    for (int64_t bytes : {int64_t{64}, Large}) {
        cn_feed* feed = nullptr;
        then(cn_feed_create(buffer, 0, bytes, 2, &feed));
        void* area = nullptr;
        then(cn_feed_next(feed, &area));
        std::memcpy(area, &state, sizeof(state));
        then(cn_feed_send(feed, sizeof(state)));
        then(cn_feed_destroy(feed));
    }
    cn_op* op = nullptr;
    cn_activation_desc desc{sizeof(desc), CN_ACTIVATION_RELU, 1, 16, CN_GRADIENT_NONE, 0.0f, 0.0f, 0.0f, 0, 0};
    then(cn_activation_create(context, &desc, &op));
    auto* x = reinterpret_cast<float*>(static_cast<char*>(address) + 1024);
    auto* on_device = static_cast<cn_state*>(address);
    then(cn_activation_forward(op, on_device, x, x));
    cn_graph* graph = nullptr;
    then(cn_graph_begin(context));
    then(cn_activation_forward(op, on_device, x, x));
    then(cn_graph_end(context, &graph));
    then(cn_graph_launch(graph));
    then(cn_context_synchronize(context));
    float host[16] = {1};
    then(cn_buffer_read(buffer, 1024, host, sizeof(host)));
    CHECK(host[0] == 0.0f);
    then(cn_graph_destroy(graph));
    then(cn_op_destroy(op));
    then(cn_buffer_destroy(buffer));
    then(cn_context_destroy(context));
    make_context(7, CN_STATUS_UNSUPPORTED);
    then(CN_STATUS_OK);
}

// A thread has device 0 before it chooses one. It is not put back where nobody has used it.
void test_sleeping_device() {
    check::scope = "sleeping device";
    cn_context* context = make_context(1);
    cn_buffer* buffer = nullptr;
    ok(cn_buffer_create(context, 100, &buffer));
    ok(cn_buffer_clear(buffer, 0, 100));
    ok(cn_buffer_destroy(buffer));
    ok(cn_context_destroy(context));
    CHECK(is_active(1) && !is_active(0));
}

} // namespace

int main() {
#if !defined(_WIN32)
    setenv("COMPILED_SIM_DEVICES", "2", 1);
    const char* path = std::getenv("COMPILED_CUDA_LIBRARY");
    if (path != nullptr && dlopen(path, RTLD_NOW | RTLD_LOCAL) != nullptr && simulator() != nullptr) {
        test_sleeping_device();
        std::thread(test_calls, 0).join(); // by now in use
        std::thread(test_calls, 1).join();
    }
#endif
    return check::result();
}
