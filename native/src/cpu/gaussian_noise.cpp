// Gaussian noise: y = x + stddev n by the rule of compiled.h; dx = dy.
//
// Shapes   x, y, dy, dx: [rows, count]; element e of the rule is the index in the whole batch.
// Writes   forward overwrites y (which may be x); backward overwrites dx or adds to it.
// Threads  chunks of elements.
#include "common/gaussian.h"

#include "dropout_mask.h"
#include "elementwise.h"
#include "ops.h"
#include "simd_math.h"

#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

static_assert(ChunkElements % DropoutMask::DrawElements == 0, "every chunk starts with a whole draw");

struct GaussianMaths {
    using V = Vec;
    static CN_INLINE Vec log(Vec x) { return CN_ISA::log(x); }
    static CN_INLINE Vec sqrt(Vec x) { return CN_ISA::sqrt(x); }
    static CN_INLINE Vec select(IntVec mask, Vec if_set, Vec if_clear) { return CN_ISA::select(mask, if_set, if_clear); }
    static CN_INLINE Vec to_float(IntVec x) { return __builtin_convertvector(x, Vec); }
};

// Of each pair of lanes the one with that place, twice.
template <int Place, int... I>
CN_INLINE IntVec both(IntVec x, std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(x, x, (I / 2 * 2 + Place)...);
}

// Normal numbers of Lanes elements, the first a multiple of 2, from their words. A pair has the same words: one lane takes the cosine, the
// other the sine.
CN_INLINE Vec normals(UIntVec words) {
    auto lanes = std::make_integer_sequence<int, CN_LANES>{};
    IntVec bits = bit_cast<IntVec>(words >> 8);
    Vec radius = gaussian_radius<GaussianMaths>(both<0>(bits, lanes));
    GaussianDirection<Vec> direction = gaussian_direction<GaussianMaths>(both<1>(bits, lanes));
    return radius * select((lane_index() & 1) != 0, direction.sine, direction.cosine);
}

class GaussianNoiseKernel final : public GaussianNoiseOp {
public:
    GaussianNoiseKernel(Context& context, const cn_gaussian_noise_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        DropoutMask random(*state, _desc.stream, 0.0f);
        float stddev = _desc.stddev;
        for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
            UIntVec words[4];
            for (int64_t first = begin; first < end; first += DropoutMask::DrawElements) {
                random.draw(first, words);
                for (int part = 0; part < 4; ++part) {
                    int64_t i = first + part * Lanes;
                    int64_t part_end = end - i < Lanes ? end : i + Lanes;
                    for_vectors(i, part_end, [&](int64_t at, auto vector) {
                        vector.store(y + at, vector.load(x + at) + stddev * normals(words[part]));
                    });
                }
            }
        });
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) {
                Vec gradient = vector.load(dy + i);
                vector.store(dx + i, accumulate ? vector.load(dx + i) + gradient : gradient);
            });
        });
    }

private:
    Context& _context;
    cn_gaussian_noise_desc _desc;
};

} // namespace

std::unique_ptr<GaussianNoiseOp> make_gaussian_noise(Context& context, const cn_gaussian_noise_desc& desc) {
    return std::make_unique<GaussianNoiseKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
