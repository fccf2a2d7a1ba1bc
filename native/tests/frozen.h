// Backward calls that leave gradients of weights out: what they still give is what they give with them.
#pragma once

#include "device.h"

namespace frozen {

// What a backward call writes, and what it reads of x.
struct Gradients {
    const float* x;
    float *dx, *dkernel, *dbias;
};

// The whole result of a backward call that began with `old_dx`.
struct Whole {
    const std::vector<float>& old_dx;
    const device::Array<float>&x, &dx, &dkernel, &dbias;
    bool has_input_gradient, has_bias;
};

// Leaves out, in turn from call to call, both gradients, that of the kernel, that of the bias. Without both, x is NaN. Returns whether the
// kernel's was made.
inline bool test(cn_context* context, size_t shift, const Whole& whole, const std::function<cn_status(const Gradients&)>& backward) {
    static int turn = 0;
    bool of_kernel = turn % 3 == 2, of_bias = turn % 3 == 1 && whole.has_bias;
    ++turn;
    auto nans = [](const device::Array<float>& like) { return std::vector<float>(like.size(), NAN); };
    device::Array<float> no_x(context, nans(whole.x), shift), dx(context, whole.old_dx, shift);
    device::Array<float> dkernel(context, nans(whole.dkernel), shift), dbias(context, nans(whole.dbias), shift);
    device::ok(backward({of_kernel || of_bias ? whole.x.data() : no_x.data(), whole.has_input_gradient ? dx.data() : nullptr,
                         of_kernel ? dkernel.data() : nullptr, of_bias ? dbias.data() : nullptr}));
    CHECK(dx.same_bits(whole.dx));
    CHECK(dkernel.same_bits(of_kernel ? whole.dkernel.values() : nans(whole.dkernel)));
    CHECK(dbias.same_bits(of_bias ? whole.dbias.values() : nans(whole.dbias)));
    return of_kernel;
}

} // namespace frozen
