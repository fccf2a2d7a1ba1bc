// Gaussian noise: y = x + stddev n by the rule of compiled.h; dx = dy.
//
// Shapes   x, y, dy, dx: [rows, count]; element e of the rule is the index in the whole batch.
// Writes   forward overwrites y (which may be x); backward overwrites dx or adds to it.
// Blocks   packs of four elements: one draw each.
#include "common/gaussian.h"
#include "common/philox.h"

#include "elementwise.h"
#include "ops.h"

#include <cmath>

namespace compiled::cuda {

namespace {

struct GaussianMaths {
    using V = float;
    __device__ static float log(float x) { return logf(x); }
    __device__ static float sqrt(float x) { return sqrtf(x); }
    __device__ static float select(bool condition, float if_true, float if_false) { return condition ? if_true : if_false; }
    __device__ static float to_float(int x) { return static_cast<float>(x); }
};

// A pair of them from two words.
__device__ __forceinline__ void draw_normals(const uint32_t* words, float* normals) {
    float radius = gaussian_radius<GaussianMaths>(static_cast<int>(words[0] >> 8));
    GaussianDirection<float> direction = gaussian_direction<GaussianMaths>(static_cast<int>(words[1] >> 8));
    normals[0] = radius * direction.cosine;
    normals[1] = radius * direction.sine;
}

// `aligned`: whole packs may be loaded and stored at once.
__global__ void __launch_bounds__(ElementThreads) gaussian_noise_forward_kernel(const cn_state* state, uint32_t stream, float stddev,
                                                                                int64_t count, bool aligned, const float* x, float* y) {
    int64_t elements = state->rows * count;
    for_packs<1>((elements + 3) / 4, [=](int64_t index) {
        PhiloxBlock block = philox_stream_block(state->seed, state->step, stream, static_cast<uint64_t>(index));
        float normals[4];
        draw_normals(block.words, normals);
        draw_normals(block.words + 2, normals + 2);
        int64_t first = index * 4;
        if (aligned && first + 4 <= elements) {
            auto pack = Pack<4>::load(x + first);
            CN_UNROLL
            for (int e = 0; e < 4; ++e) {
                pack.values[e] += stddev * normals[e];
            }
            pack.store(y + first);
            return;
        }
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            if (first + e < elements) {
                y[first + e] = x[first + e] + stddev * normals[e];
            }
        }
    });
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    gaussian_noise_backward_kernel(const cn_state* state, int64_t count, bool accumulate, const float* dy, float* dx) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        auto sums = Pack<Width>::load(dy + i);
        if (accumulate) {
            auto old = Pack<Width>::load(dx + i);
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += old.values[e];
            }
        }
        sums.store(dx + i);
    });
}

class GaussianNoiseKernel final : public GaussianNoiseOp {
public:
    GaussianNoiseKernel(Context& context, const cn_gaussian_noise_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        bool aligned = pack_width(4, x, y) == 4;
        _context.launch(gaussian_noise_forward_kernel, grid(4), ElementThreads, 0, state, _desc.stream, _desc.stddev, _desc.count, aligned,
                        x, y);
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        int width = pack_width(_desc.count, dy, dx);
        auto* kernel = width == 4 ? gaussian_noise_backward_kernel<4> : gaussian_noise_backward_kernel<1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.count, _desc.input_gradient == CN_GRADIENT_ACCUMULATE, dy, dx);
    }

private:
    Grid grid(int width) const { return element_grid(_context, _desc.batch * _desc.count, width); }

    Context& _context;
    cn_gaussian_noise_desc _desc;
};

} // namespace

std::unique_ptr<GaussianNoiseOp> make_gaussian_noise(Context& context, const cn_gaussian_noise_desc& desc) {
    return std::make_unique<GaussianNoiseKernel>(context, desc);
}

} // namespace compiled::cuda
