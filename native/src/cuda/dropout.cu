// Dropout: y = x * m, dx = dy * m, where m is 0 or 1 / (1 - rate) by the rule of compiled.h.
//
// Shapes   x, y, dy, dx: [rows, count]; element e of the rule is the index in the whole batch, or, where positions share a draw, that among
//          [rows, channels].
// Writes   forward overwrites y (which may be x); backward overwrites dx or adds to it. Nothing is saved: backward draws the mask again.
// Blocks   packs of four elements: one draw each.
#include "divider.h"
#include "dropout_mask.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

template <bool Accumulate, int Width>
__device__ void drop(const DropoutMask& mask, const uint32_t* words, const float* source, float* target) {
    auto pack = Pack<Width>::load(source);
    for (int e = 0; e < Width; ++e) {
        pack.values[e] = mask.apply(words[e], pack.values[e]);
    }
    if constexpr (Accumulate) {
        auto sums = Pack<Width>::load(target);
        for (int e = 0; e < Width; ++e) {
            pack.values[e] += sums.values[e];
        }
    }
    pack.store(target);
}

// `aligned`: whole packs may be loaded and stored at once.
template <bool Accumulate>
__global__ void __launch_bounds__(ElementThreads)
    dropout_kernel(const cn_state* state, DropoutPlan plan, int64_t count, bool aligned, const float* source, float* target) {
    DropoutMask mask(plan, state);
    int64_t elements = state->rows * count;
    for_packs<1>((elements + 3) / 4, [&](int64_t index) {
        PhiloxBlock block = mask.draw(index);
        int64_t first = index * 4;
        if (aligned && first + 4 <= elements) {
            drop<Accumulate, 4>(mask, block.words, source + first, target + first);
            return;
        }
        for (int e = 0; e < 4; ++e) {
            if (first + e < elements) {
                drop<Accumulate, 1>(mask, block.words + e, source + first + e, target + first + e);
            }
        }
    });
}

// Where all positions of a sample share the draws of its channels. `packs` of Width channels, `positions` of a sample.
template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    spatial_dropout_kernel(const cn_state* state, DropoutPlan plan, Divider packs, Divider positions, bool accumulate, const float* source,
                           float* target) {
    DropoutMask mask(plan, state);
    int64_t channels = static_cast<int64_t>(packs.divisor()) * Width;
    for_packs<Width>(state->rows * positions.divisor() * channels, [&](int64_t i) {
        int64_t sample = i / Width;
        int64_t channel = static_cast<int64_t>(packs.take(sample)) * Width;
        positions.take(sample);
        auto pack = Pack<Width>::load(source + i);
        mask.apply(sample * channels + channel, pack.values);
        if (accumulate) {
            auto sums = Pack<Width>::load(target + i);
            for (int e = 0; e < Width; ++e) {
                pack.values[e] += sums.values[e];
            }
        }
        pack.store(target + i);
    });
}

class DropoutKernel final : public DropoutOp {
public:
    DropoutKernel(Context& context, const cn_dropout_desc& desc)
        : _context(context), _desc(desc), _plan(dropout_plan(desc.rate, desc.stream)) {}

    void forward(const cn_state* state, const float* x, float* y) override { choose(false, state, x, y); }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
            choose(false, state, dy, dx);
        } else if (_desc.input_gradient == CN_GRADIENT_ACCUMULATE) {
            choose(true, state, dy, dx);
        }
    }

private:
    void choose(bool accumulate, const cn_state* state, const float* source, float* target) {
        if (_desc.shared > 1) {
            run_shared(accumulate, state, source, target);
        } else {
            run(accumulate ? dropout_kernel<true> : dropout_kernel<false>, state, source, target);
        }
    }

    void run_shared(bool accumulate, const cn_state* state, const float* source, float* target) {
        int64_t channels = _desc.count / _desc.shared;
        int width = pack_width(channels, source, target);
        auto* kernel = width == 4 ? spatial_dropout_kernel<4> : spatial_dropout_kernel<1>;
        _context.launch(kernel, element_grid(_context, _desc.batch * _desc.count, width), ElementThreads, 0, state, _plan,
                        Divider(channels / width), Divider(_desc.shared), accumulate, source, target);
    }

    template <class Kernel>
    void run(Kernel* kernel, const cn_state* state, const float* source, float* target) {
        bool aligned = pack_width(4, source, target) == 4;
        _context.launch(kernel, element_grid(_context, _desc.batch * _desc.count, 4), ElementThreads, 0, state, _plan, _desc.count, aligned,
                        source, target);
    }

    Context& _context;
    cn_dropout_desc _desc;
    DropoutPlan _plan;
};

} // namespace

std::unique_ptr<DropoutOp> make_dropout(Context& context, const cn_dropout_desc& desc) {
    return std::make_unique<DropoutKernel>(context, desc);
}

} // namespace compiled::cuda
