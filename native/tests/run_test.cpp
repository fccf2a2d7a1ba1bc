// What a run has to do with its caller: the thread's floating-point mode, and other threads that destroy what runs.
#include "device.h"

#include <atomic>
#include <cfenv>
#include <thread>

using namespace device;

namespace {

// Only around a call: the data of the test are drawn in the usual mode.
template <class Call>
void under(int rounding, const Call& call) {
    std::fesetround(rounding);
    cn_status status = call();
    CHECK(std::fegetround() == rounding);
    std::fesetround(FE_TONEAREST);
    ok(status);
}

// One step of Adam, of the loss and of a convolution whose gradients are listed: everything that sums outside the threads' loops too.
std::vector<float> results(const Device& device, int rounding) {
    Context context(device, 2);
    Random random(31);
    State state(context, state_of(3));
    std::vector<float> all;
    auto keep = [&all](const std::vector<float>& values) { all.insert(all.end(), values.begin(), values.end()); };

    cn_conv2d_desc conv{};
    conv.input_gradient = CN_GRADIENT_OVERWRITE;
    conv.batch = 3;
    conv.input_height = conv.input_width = 6;
    conv.input_channels = 16;
    conv.filters = 5;
    conv.conv_height = conv.conv_width = 4;
    conv.output_height = conv.output_width = 2;
    conv.window = {3, 3, 1, 1, 1, 1, 0, 0};
    conv.pool = {2, 2, 2, 2, 1, 1, 0, 0};
    conv.activation = CN_ACTIVATION_TANH;
    conv.use_bias = 1;
    Op stage(cn_conv2d_create, context, conv);
    Array<float> x(context, random.floats(3 * 6 * 6 * 16)), kernel(context, random.floats(9 * 16 * 5)), bias(context, random.floats(5));
    Array<float> y(context, 3 * 2 * 2 * 5), dy(context, random.floats(3 * 2 * 2 * 5)), dx(context, x.size());
    Array<float> dkernel(context, kernel.size()), dbias(context, bias.size());
    Array<uint8_t> codes(context, y.size());
    under(rounding, [&] { return cn_conv2d_forward(stage, state, x, kernel, bias, y, codes, nullptr); });
    under(rounding, [&] { return cn_conv2d_backward(stage, state, x, kernel, y, codes, dy, dx, dkernel, dbias); });
    keep(y.values());
    keep(dx.values());
    keep(dkernel.values());
    keep(dbias.values());

    Op loss(cn_loss_create, context, describe_loss(CN_LOSS_MEAN_SQUARED_ERROR, 3, 1, 20));
    Array<float> targets(context, random.floats(60)), gradient(context, 60);
    Metrics metrics(context, {});
    under(rounding, [&] { return cn_loss_forward(loss, state, y, targets.data(), nullptr, gradient, nullptr, metrics); });
    keep(gradient.values());
    keep({static_cast<float>(metrics.value().loss)});

    Op optimizer(context, optimizer_desc(CN_OPTIMIZER_ADAM, static_cast<int64_t>(kernel.size())));
    Array<float> first(context, kernel.size()), second(context, kernel.size());
    under(rounding, [&] { return cn_optimizer_step(optimizer, state, kernel, dkernel, first, second, nullptr, nullptr, 1); });
    keep(kernel.values());
    return all;
}

void test_rounding_mode(const Device& device) {
    std::vector<float> nearest = results(device, FE_TONEAREST), upward = results(device, FE_UPWARD);
    CHECK(nearest.size() == upward.size() && std::memcmp(nearest.data(), upward.data(), nearest.size() * sizeof(float)) == 0);
}

// An op is destroyed while another thread runs it, and its context's handle is gone already: each run either succeeds or says so.
void test_destroy_while_running() {
    constexpr int Rounds = 3000;
    std::atomic<int> round{0}, done{0};
    std::atomic<cn_op*> shared{nullptr};
    std::thread finalizer([&] {
        for (int i = 1; i <= Rounds; ++i) {
            while (round.load() != i) {
                std::this_thread::yield();
            }
            cn_op_destroy(shared);
            done = i;
        }
    });
    cn_state state = state_of(1);
    std::vector<float> x(16, 1.0f), y(16);
    int unexpected = 0;
    for (int i = 1; i <= Rounds; ++i) {
        cn_op* op = nullptr;
        {
            Context context;
            cn_activation_desc desc{sizeof(desc), CN_ACTIVATION_RELU, 1, 16, CN_GRADIENT_NONE, 0, 0, 0, 0, 0};
            ok(cn_activation_create(context, &desc, &op));
        }
        shared = op;
        round = i;
        cn_status status = CN_STATUS_OK;
        while (status == CN_STATUS_OK) {
            status = cn_activation_forward(op, &state, x.data(), y.data());
        }
        unexpected += std::strstr(cn_last_error(), "no live handle") == nullptr ? 1 : 0;
        while (done.load() != i) {
            std::this_thread::yield();
        }
    }
    finalizer.join();
    CHECK(unexpected == 0);
}

} // namespace

int main() {
    for_each_device(test_rounding_mode);
    test_destroy_while_running();
    return check::result();
}
