// Global pooling against plain loops: means exactly on whole numbers; ties and NaN of maxima.
#include "random_stage.h"
#include "refusal.h"

using namespace device;

namespace {

struct Reference {
    std::vector<double> y, dx;
    std::vector<int32_t> indices;
};

bool takes(float candidate, float best) {
    return candidate > best || (std::isnan(candidate) && !std::isnan(best));
}

Reference reference(const cn_global_pooling2d_desc& d, int64_t rows, const std::vector<float>& x, const std::vector<float>& dy,
                    const std::vector<float>& old) {
    Reference result{std::vector<double>(dy.size()), std::vector<double>(x.size()), std::vector<int32_t>(dy.size())};
    for (size_t i = 0; i < x.size(); ++i) {
        result.dx[i] = d.input_gradient == CN_GRADIENT_ACCUMULATE ? static_cast<double>(old[i]) : 0.0;
    }
    auto positions = static_cast<double>(d.positions);
    for (int64_t o = 0; o < rows * d.channels; ++o) {
        auto out = static_cast<size_t>(o);
        auto at = [&](int64_t p) { return static_cast<size_t>((o / d.channels * d.positions + p) * d.channels + o % d.channels); };
        double sum = 0;
        int64_t winner = 0;
        for (int64_t p = 0; p < d.positions; ++p) {
            sum += x[at(p)];
            winner = takes(x[at(p)], x[at(winner)]) ? p : winner;
        }
        result.indices[out] = static_cast<int32_t>(winner);
        if (d.pooling == CN_GLOBAL_POOLING_MAX) {
            result.y[out] = x[at(winner)];
            result.dx[at(winner)] += dy[out];
        } else {
            result.y[out] = static_cast<double>(static_cast<float>(sum / positions));
            for (int64_t p = 0; p < d.positions; ++p) {
                result.dx[at(p)] += static_cast<double>(static_cast<float>(dy[out] / positions));
            }
        }
    }
    return result;
}

// `rows` of a batch of one more. Whole numbers: sums are exact, and quotients the nearest floats.
void test_pooling(const Device& device, cn_global_pooling2d_desc desc, bool whole, bool with_nan, size_t shift) {
    std::vector<float> first_y, first_dx;
    bool is_max = desc.pooling == CN_GLOBAL_POOLING_MAX;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_global_pooling2d_create, context, desc);
        int64_t rows = desc.batch - 1, inputs = rows * desc.positions * desc.channels, outputs = rows * desc.channels;
        State state(context, state_of(rows));
        Random random(13);
        std::vector<float> x_values = whole ? random.whole(inputs, -3, 3) : random.floats(inputs); // few values: many ties
        std::vector<float> dy_values = whole ? random.whole(outputs, -8, 8) : random.floats(outputs);
        std::vector<float> old = whole ? random.whole(inputs, -8, 8) : random.floats(inputs);
        for (int i = 0; i < (with_nan ? 3 : 0); ++i) {
            x_values[static_cast<size_t>(random.next_int(0, inputs - 1))] = NAN;
        }
        // Of exactly `rows` rows: what is written beyond them is an overrun.
        Array<float> x(context, x_values, shift), y(context, dy_values.size(), shift), predicted(context, dy_values.size(), shift);
        Array<float> dy(context, dy_values, shift), dx(context, old, shift);
        Array<int32_t> indices(context, dy_values.size(), shift);
        int32_t* own = is_max ? indices.data() : nullptr;
        ok(cn_global_pooling2d_forward(op, state, x, y, own));
        ok(cn_global_pooling2d_forward(op, state, x, predicted, nullptr));
        ok(cn_global_pooling2d_backward(op, state, own, dy, desc.input_gradient == CN_GRADIENT_NONE ? nullptr : dx.data()));
        Reference expected = reference(desc, rows, x_values, dy_values, old);
        double tolerance = whole || is_max ? 0 : 1e-6;
        CHECK_CLOSE(expected.y, y, tolerance, tolerance);
        CHECK(predicted.same_bits(y));
        CHECK(!is_max || indices.same_bits(expected.indices));
        if (desc.input_gradient == CN_GRADIENT_NONE) {
            CHECK(dx.same_bits(old));
        } else {
            CHECK_CLOSE(expected.dx, dx, 2e-7, whole ? 1e-7 : 1e-6);
        }
        if (first) {
            first_y = y.values();
            first_dx = dx.values();
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

void test_shapes(const Device& device) {
    const int64_t shapes[][3] = {{1, 1, 1}, {2, 49, 64}, {3, 4, 5}, {1, 1000, 3}, {2, 700, 1}, {2, 9, 132}, {1, 65, 260}, {2, 5000, 4}};
    for (int32_t pooling : {CN_GLOBAL_POOLING_AVERAGE, CN_GLOBAL_POOLING_MAX}) {
        for (const auto& s : shapes) {
            test_pooling(device, {0, CN_GRADIENT_OVERWRITE, s[0] + 1, s[1], s[2], pooling, 0}, true, false, 0);
        }
        test_pooling(device, {0, CN_GRADIENT_ACCUMULATE, 4, 60, 8, pooling, 0}, true, false, 1);
        test_pooling(device, {0, CN_GRADIENT_ACCUMULATE, 4, 60, 8, pooling, 0}, false, false, 0);
        test_pooling(device, {0, CN_GRADIENT_NONE, 3, 6, 8, pooling, 0}, true, false, 0);
    }
    test_pooling(device, {0, CN_GRADIENT_OVERWRITE, 3, 60, 8, CN_GLOBAL_POOLING_MAX, 0}, true, true, 0);
    test_pooling(device, {0, CN_GRADIENT_OVERWRITE, 2, 900, 1, CN_GLOBAL_POOLING_MAX, 0}, true, true, 0);
}

void test_random(const Device& device) {
    Random random(19);
    for (int i = 0; i < 12; ++i) {
        cn_global_pooling2d_desc d{};
        d.batch = random.next_int(2, 5);
        d.positions = random.next_int(1, 100);
        d.channels = layer::channels(random);
        d.pooling = static_cast<int32_t>(random.next_int(CN_GLOBAL_POOLING_AVERAGE, CN_GLOBAL_POOLING_MAX));
        d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_OVERWRITE, CN_GRADIENT_ACCUMULATE));
        bool is_max = d.pooling == CN_GLOBAL_POOLING_MAX;
        test_pooling(device, d, layer::chance(random, 0.5), is_max && layer::chance(random, 0.3), layer::chance(random, 0.3) ? 1 : 0);
    }
}

// So many positions that a sum in float32 would lose the mean.
void test_long(const Device& device) {
    Context context(device);
    const int64_t positions = 200000;
    Op op(cn_global_pooling2d_create, context, cn_global_pooling2d_desc{0, 0, 1, positions, 4, CN_GLOBAL_POOLING_AVERAGE, 0});
    State state(context, state_of(1));
    std::vector<float> values(static_cast<size_t>(positions * 4), 1000.1f);
    Array<float> x(context, values), y(context, 4);
    ok(cn_global_pooling2d_forward(op, state, x, y, nullptr));
    CHECK_CLOSE((std::vector<double>(4, 1000.1f)), y, 1e-6, 0);
}

// Of what is no position, nothing comes, and nothing is written elsewhere.
void test_bad_indices(const Device& device) {
    for (int32_t mode : {CN_GRADIENT_OVERWRITE, CN_GRADIENT_ACCUMULATE}) {
        Context context(device);
        Op op(cn_global_pooling2d_create, context, cn_global_pooling2d_desc{0, mode, 1, 2, 4, CN_GLOBAL_POOLING_MAX, 0});
        State state(context, state_of(1));
        Array<int32_t> indices(context, std::vector<int32_t>{-1, 2, INT32_MIN, INT32_MAX});
        Array<float> dy(context, std::vector<float>(4, 1)), dx(context, std::vector<float>(8, 5));
        ok(cn_global_pooling2d_backward(op, state, indices, dy, dx));
        CHECK(dx.same_bits(std::vector<float>(8, mode == CN_GRADIENT_OVERWRITE ? 0.0f : 5.0f)));
    }
}

void test_arguments(const Device& device) {
    Context context(device);
    State state(context, state_of(2));
    Array<float> a(context, 64);
    Array<int32_t> indices(context, 64);
    Op mean(cn_global_pooling2d_create, context, cn_global_pooling2d_desc{0, 1, 2, 2, 4, CN_GLOBAL_POOLING_AVERAGE, 0});
    Op most(cn_global_pooling2d_create, context, cn_global_pooling2d_desc{0, 0, 2, 2, 4, CN_GLOBAL_POOLING_MAX, 0});
    REFUSED_CALL(cn_global_pooling2d_forward(mean, state, a, a, indices), "indices must be null: pooling is CN_GLOBAL_POOLING_AVERAGE");
    REFUSED_CALL(cn_global_pooling2d_forward(mean, state, nullptr, a, nullptr), "x is null");
    REFUSED_CALL(cn_global_pooling2d_backward(mean, state, indices, a, a), "indices must be null");
    REFUSED_CALL(cn_global_pooling2d_backward(mean, state, nullptr, a, nullptr), "dx is null");
    REFUSED_CALL(cn_global_pooling2d_backward(most, state, nullptr, a, nullptr), "indices is null");
    REFUSED_CALL(cn_global_pooling2d_backward(most, state, indices, a, a), "dx must be null");
}

void test_descriptors() {
    Context context;
    auto* create = cn_global_pooling2d_create;
    cn_global_pooling2d_desc desc{0, 1, 2, 9, 4, CN_GLOBAL_POOLING_MAX, 0};
    REFUSED(create, context, desc, d.struct_size = 4, "struct_size is 4");
    REFUSED(create, context, desc, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(create, context, desc, d.batch = 0, "batch is 0");
    REFUSED(create, context, desc, d.positions = int64_t{1} << 31, "positions is 2147483648: it must be from 1 to 2147483647");
    REFUSED(create, context, desc, d.channels = -4, "channels is -4");
    REFUSED(create, context, desc, d.pooling = 2, "pooling is 2: it must be a cn_global_pooling, from 0 to 1");
    REFUSED(create, context, desc, d.reserved = 1, "reserved is 1");
    REFUSED(create, context, desc, d.positions = d.channels = INT32_MAX, "has more than the limit");
}

} // namespace

int main() {
    test_descriptors();
    for_each_device([](const Device& device) {
        test_shapes(device);
        test_random(device);
        test_long(device);
        test_bad_indices(device);
        test_arguments(device);
    });
    return check::result();
}
