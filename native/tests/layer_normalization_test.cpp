// Layer normalization against plain loops in double: exactly on numbers that allow it, with large means and NaN.
#include "random_stage.h"
#include "refusal.h"

using namespace device;

namespace {

using Doubles = std::vector<double>;
using Floats = std::vector<float>;

struct Inputs {
    Floats x, gamma, beta, dy, old_dx;
};

struct Reference {
    Doubles y, saved, dx, dgamma, dbeta;
};

// The rows of `saved` that no position has stay what they are: -1.
Reference reference(const cn_layer_normalization_desc& d, const Inputs& in) {
    auto features = static_cast<size_t>(d.features), all = static_cast<size_t>(d.batch * d.positions), rows = in.x.size() / features;
    Reference result{Doubles(in.x.size()), Doubles(2 * all, -1), Doubles(in.x.size()), Doubles(features), Doubles(features)};
    auto count = static_cast<double>(features);
    for (size_t row = 0; row < rows; ++row) {
        const float *x = in.x.data() + row * features, *dy = in.dy.data() + row * features;
        double mean = 0, variance = 0, sum = 0, dot = 0;
        for (size_t i = 0; i < features; ++i) {
            mean += x[i] / count;
        }
        for (size_t i = 0; i < features; ++i) {
            variance += (x[i] - mean) * (x[i] - mean) / count;
        }
        double inverse = 1 / std::sqrt(variance + static_cast<double>(d.epsilon));
        result.saved[row] = mean;
        result.saved[all + row] = inverse;
        auto gamma = [&](size_t i) { return d.use_scale != 0 ? static_cast<double>(in.gamma[i]) : 1.0; };
        for (size_t i = 0; i < features; ++i) {
            double xhat = (x[i] - mean) * inverse;
            result.y[row * features + i] = xhat * gamma(i) + (d.use_center != 0 ? in.beta[i] : 0.0f);
            result.dgamma[i] += dy[i] * xhat;
            result.dbeta[i] += dy[i];
            sum += dy[i] * gamma(i);
            dot += dy[i] * gamma(i) * xhat;
        }
        for (size_t i = 0; i < features; ++i) {
            double xhat = (x[i] - mean) * inverse;
            double old = d.input_gradient == CN_GRADIENT_ACCUMULATE ? in.old_dx[row * features + i] : 0.0f;
            result.dx[row * features + i] = old + inverse * (dy[i] * gamma(i) - sum / count - xhat * dot / count);
        }
    }
    return result;
}

// Of outputs and of gradients; sums of gradients may be off by `gradient` for each position.
struct Tolerance {
    double output, gradient;
};

// Of a batch of one row more than there is, on arrays without room for it.
void test_rows(const Device& device, const cn_layer_normalization_desc& d, const Inputs& in, size_t shift, const Tolerance& tolerance) {
    std::vector<Floats> first_results;
    Reference expected = reference(d, in);
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_layer_normalization_create, context, d);
        State state(context, state_of(d.batch - 1));
        Array<float> x(context, in.x, shift), gamma(context, in.gamma, shift), beta(context, in.beta, shift), dy(context, in.dy, shift);
        Array<float> y(context, in.x.size(), shift), predicted(context, in.x.size(), shift), dx(context, in.old_dx, shift);
        Array<float> saved(context, Floats(static_cast<size_t>(2 * d.batch * d.positions), -1), shift);
        Array<float> dgamma(context, in.gamma, shift), dbeta(context, in.beta, shift);
        const float* own_gamma = d.use_scale != 0 ? gamma.data() : nullptr;
        const float* own_beta = d.use_center != 0 ? beta.data() : nullptr;
        ok(cn_layer_normalization_forward(op, state, x, own_gamma, own_beta, y, saved));
        ok(cn_layer_normalization_forward(op, state, x, own_gamma, own_beta, predicted, nullptr));
        ok(cn_layer_normalization_backward(op, state, x, own_gamma, saved, dy, d.input_gradient == CN_GRADIENT_NONE ? nullptr : dx.data(),
                                           d.use_scale != 0 ? dgamma.data() : nullptr, d.use_center != 0 ? dbeta.data() : nullptr));
        if (d.input_gradient != CN_GRADIENT_NONE) { // of weights that are not trained there are no gradients
            Array<float> own_dx(context, in.old_dx, shift);
            ok(cn_layer_normalization_backward(op, state, x, own_gamma, saved, dy, own_dx, nullptr, nullptr));
            CHECK(own_dx.same_bits(dx));
        }
        CHECK_CLOSE(expected.y, y, tolerance.output, tolerance.output);
        CHECK(predicted.same_bits(y));
        CHECK_CLOSE(expected.saved, saved, 1e-5, 1e-6);
        if (d.input_gradient != CN_GRADIENT_NONE) {
            CHECK_CLOSE(expected.dx, dx, tolerance.gradient, tolerance.gradient);
        } else {
            CHECK(dx.same_bits(in.old_dx));
        }
        double of_sums = tolerance.gradient * static_cast<double>(in.x.size() / in.gamma.size());
        if (d.use_scale != 0) {
            CHECK_CLOSE(expected.dgamma, dgamma, tolerance.gradient, of_sums);
        }
        if (d.use_center != 0) {
            CHECK_CLOSE(expected.dbeta, dbeta, tolerance.gradient, of_sums);
        }
        std::vector<Floats> results{y, saved, dx, dgamma, dbeta};
        if (first) {
            first_results = results;
        }
        for (size_t i = 0; i < results.size(); ++i) {
            check::that(std::memcmp(results[i].data(), first_results[i].data(), results[i].size() * sizeof(float)) == 0, __FILE__, __LINE__,
                        "result " + std::to_string(i) + " has the bits of the first run");
        }
    });
}

Inputs random_inputs(Random& random, const cn_layer_normalization_desc& d) {
    int64_t count = (d.batch - 1) * d.positions * d.features;
    return {random.floats(count, -2, 3), random.floats(d.features, 0.5, 2), random.floats(d.features), random.floats(count),
            random.floats(count)};
}

cn_layer_normalization_desc desc_of(int64_t batch, int64_t positions, int64_t features) {
    return {0, CN_GRADIENT_OVERWRITE, batch, positions, features, 1e-3f, 1, 1, 0};
}

// Whole numbers at a distance of 3 around their mean: with epsilon 7 the deviation is 4, and every result a float.
void test_exact(const Device& device) {
    for (int64_t features : {2, 4, 16, 64, 512}) {
        cn_layer_normalization_desc d = desc_of(4, 7, features);
        d.epsilon = 7;
        d.input_gradient = CN_GRADIENT_ACCUMULATE;
        Random random(3);
        Inputs in = random_inputs(random, d);
        for (size_t i = 0; i < in.x.size(); ++i) {
            int64_t row = static_cast<int64_t>(i) / features;
            in.x[i] = static_cast<float>(row % 7 - 3 + (i % 2 == 0 ? 3 : -3));
        }
        in.gamma = random.whole(features, -4, 4);
        in.beta = random.whole(features, -4, 4);
        in.dy = random.whole(static_cast<int64_t>(in.x.size()), -4, 4);
        in.old_dx = random.whole(static_cast<int64_t>(in.x.size()), -4, 4);
        test_rows(device, d, in, 0, {0, 0});
    }
}

void test_random(const Device& device) {
    const int64_t shapes[][3] = {{1, 1, 1},  {2, 3, 5},    {1, 1, 40},   {5, 9, 10},  {3, 1, 256}, {2, 1, 257},
                                 {2, 70, 3}, {1, 2, 3000}, {4, 100, 24}, {30, 1, 64}, {2, 600, 12}};
    Random random(23);
    for (const auto& shape : shapes) {
        cn_layer_normalization_desc d = desc_of(shape[0] + 1, shape[1], shape[2]);
        d.use_scale = layer::chance(random, 0.7) ? 1 : 0;
        d.use_center = layer::chance(random, 0.7) ? 1 : 0;
        d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_NONE, CN_GRADIENT_ACCUMULATE));
        test_rows(device, d, random_inputs(random, d), layer::chance(random, 0.3) ? 1 : 0, {1e-5, 1e-5});
    }
    for (int mode = 0; mode < 12; ++mode) {
        cn_layer_normalization_desc d = desc_of(4, 5, 8);
        d.input_gradient = mode % 3;
        d.use_scale = mode / 3 % 2;
        d.use_center = mode / 6;
        test_rows(device, d, random_inputs(random, d), static_cast<size_t>(mode % 2), {1e-5, 1e-5});
    }
}

// A mean of 1e4 with a deviation of 1, and one value far away from the others.
void test_robust(const Device& device) {
    for (int64_t features : {48, 1000}) {
        cn_layer_normalization_desc d = desc_of(3, 6, features);
        Random random(31);
        Inputs in = random_inputs(random, d);
        for (size_t i = 0; i < in.x.size(); ++i) {
            double sum = -6;
            for (int k = 0; k < 12; ++k) {
                sum += random.next(0, 1);
            }
            size_t row = i / static_cast<size_t>(features);
            bool apart = row % 2 == 1 && i % static_cast<size_t>(features) == 0;
            in.x[i] = static_cast<float>(apart ? 0 : 1e4 + sum);
        }
        test_rows(device, d, in, 0, {2e-5, 2e-5});
    }
}

// A NaN takes its position, and no other; of the sums over positions all that have it.
void test_nan(const Device& device) {
    for (int64_t features : {5, 300}) {
        Context context(device);
        cn_layer_normalization_desc d = desc_of(3, 1, features);
        Op op(cn_layer_normalization_create, context, d);
        State state(context, state_of(3));
        Random random(37);
        Inputs in = random_inputs(random, desc_of(4, 1, features));
        in.x[static_cast<size_t>(features) + 2] = NAN;
        Array<float> x(context, in.x), gamma(context, in.gamma), beta(context, in.beta), y(context, x.size()), saved(context, 6),
            dy(context, in.dy), dx(context, x.size()), dgamma(context, gamma.size()), dbeta(context, beta.size());
        ok(cn_layer_normalization_forward(op, state, x, gamma, beta, y, saved));
        ok(cn_layer_normalization_backward(op, state, x, gamma, saved, dy, dx, dgamma, dbeta));
        for (const Floats& values : {y.values(), dx.values()}) {
            bool right = true;
            for (size_t i = 0; i < values.size(); ++i) {
                right = right && std::isnan(values[i]) == (i / static_cast<size_t>(features) == 1);
            }
            CHECK(right);
        }
        CHECK(std::isnan(dgamma.values()[0]) && !std::isnan(dbeta.values()[0]));
        CHECK(std::isnan(saved.values()[1]) && !std::isnan(saved.values()[0]) && std::isnan(saved.values()[4]));
    }
}

void test_arguments(const Device& device) {
    Context context(device);
    State state(context, state_of(2));
    Array<float> a(context, 64);
    cn_layer_normalization_desc d = desc_of(2, 4, 8);
    Op plain(cn_layer_normalization_create, context, d);
    REFUSED_CALL(cn_layer_normalization_forward(plain, state, a, nullptr, a, a, a), "gamma is null");
    REFUSED_CALL(cn_layer_normalization_forward(plain, state, a, a, nullptr, a, a), "beta is null");
    REFUSED_CALL(cn_layer_normalization_forward(plain, state, a, a, a, nullptr, a), "y is null");
    REFUSED_CALL(cn_layer_normalization_backward(plain, state, a, a, nullptr, a, a, a, a), "saved is null");
    REFUSED_CALL(cn_layer_normalization_backward(plain, state, a, a, a, a, nullptr, a, a), "dx is null");
    ok(cn_layer_normalization_backward(plain, state, a, a, a, a, a, nullptr, a));
    ok(cn_layer_normalization_backward(plain, state, a, a, a, a, a, a, nullptr));
    d.use_scale = d.use_center = 0;
    d.input_gradient = CN_GRADIENT_NONE;
    Op bare(cn_layer_normalization_create, context, d);
    REFUSED_CALL(cn_layer_normalization_forward(bare, state, a, a, nullptr, a, a), "gamma must be null: use_scale is 0");
    REFUSED_CALL(cn_layer_normalization_backward(bare, state, a, nullptr, a, a, a, nullptr, nullptr), "dx must be null");
    REFUSED_CALL(cn_layer_normalization_backward(bare, state, a, nullptr, a, a, nullptr, nullptr, a),
                 "dbeta must be null: use_center is 0");
    ok(cn_layer_normalization_backward(bare, state, a, nullptr, a, a, nullptr, nullptr, nullptr));
    CHECK(a.same_bits(Floats(64))); // none of it was written
}

void test_descriptors() {
    Context context;
    auto* create = cn_layer_normalization_create;
    cn_layer_normalization_desc desc = desc_of(2, 4, 8);
    REFUSED(create, context, desc, d.struct_size = 4, "struct_size is 4");
    REFUSED(create, context, desc, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(create, context, desc, d.batch = 0, "batch is 0");
    REFUSED(create, context, desc, d.positions = 0, "positions is 0");
    REFUSED(create, context, desc, d.features = int64_t{1} << 31, "features is 2147483648: it must be from 1 to 2147483647");
    REFUSED(create, context, desc, d.positions = int64_t{1} << 50, "has more than the limit");
    REFUSED(create, context, desc, d.epsilon = -1, "epsilon is -1: it must be at least 0 and finite");
    REFUSED(create, context, desc, d.use_scale = 2, "use_scale is 2");
    REFUSED(create, context, desc, d.use_center = 2, "use_center is 2");
    REFUSED(create, context, desc, d.reserved = 1, "reserved is 1");
}

} // namespace

int main() {
    test_descriptors();
    for_each_device([](const Device& device) {
        test_exact(device);
        test_random(device);
        test_robust(device);
        test_nan(device);
        test_arguments(device);
    });
    return check::result();
}
