// Global pooling: y = the mean or the maximum over the positions of a sample; dx = dy / positions, or dy at the maximum and 0 elsewhere.
//
// Shapes   x, dx: [rows, positions, channels]; y, dy, indices: [rows, channels].
// Writes   forward overwrites y and, unless null, indices; backward overwrites dx or adds to it.
// Sums     By blocks of positions, which join a sum in float64.
// Threads  forward groups of channels of a sample, backward blocks of its positions.
#include "common/max_pooling.h"
#include "folded_rows.h"
#include "ops.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int64_t GroupVectors = 4;
constexpr int64_t BlockPositions = 16; // that are summed in float32

template <int Count, class Vector>
CN_INLINE void write_means(const Vector& vector, const float* x, int64_t positions, int64_t channels, float* y) {
    DoubleVec total[Count] = {};
    for (int64_t first = 0; first < positions; first += BlockPositions) {
        int64_t last = std::min(positions, first + BlockPositions);
        Vec sum[Count] = {};
        for (int64_t p = first; p < last; ++p) {
            for (int v = 0; v < Count; ++v) {
                sum[v] = sum[v] + vector.load(x + p * channels + v * Lanes);
            }
        }
        for (int v = 0; v < Count; ++v) {
            total[v] += to_double(sum[v]);
        }
    }
    for (int v = 0; v < Count; ++v) {
        vector.store(y + v * Lanes, to_float(total[v] / static_cast<double>(positions)));
    }
}

template <int Count, class Vector>
CN_INLINE void write_maxima(const Vector& vector, const float* x, int64_t positions, int64_t channels, float* y, int32_t* indices) {
    Vec best[Count];
    IntVec index[Count] = {};
    for (int v = 0; v < Count; ++v) {
        best[v] = vector.load(x + v * Lanes);
    }
    for (int64_t p = 1; p < positions; ++p) {
        for (int v = 0; v < Count; ++v) {
            Vec candidate = vector.load(x + p * channels + v * Lanes);
            IntVec takes = max_pooling_takes(candidate, best[v]);
            best[v] = select(takes, candidate, best[v]);
            index[v] = takes ? broadcast_int(static_cast<int32_t>(p)) : index[v];
        }
    }
    for (int v = 0; v < Count; ++v) {
        vector.store(y + v * Lanes, best[v]);
        if (indices != nullptr) {
            vector.store(reinterpret_cast<float*>(indices + v * Lanes), bit_cast<Vec>(index[v])); // moved, not read as floats
        }
    }
}

class GlobalPooling2DKernel final : public GlobalPooling2DOp {
public:
    GlobalPooling2DKernel(Context& context, const cn_global_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y, int32_t* indices) override {
        const cn_global_pooling2d_desc& d = _desc;
        constexpr int64_t Group = GroupVectors * Lanes;
        int64_t groups = (d.channels + Group - 1) / Group;
        _context.parallel_for(state->rows * groups, [=, &d](int64_t item, int) {
            int64_t sample = item / groups, first = item % groups * Group, last = std::min(d.channels, first + Group);
            const float* from = x + sample * d.positions * d.channels;
            int64_t to = sample * d.channels;
            for_vector_groups<GroupVectors>(first, last, [=, &d](int64_t c, auto count, auto vector) {
                if (d.pooling == CN_GLOBAL_POOLING_MAX) {
                    int32_t* own = indices == nullptr ? nullptr : indices + to + c;
                    write_maxima<count.value>(vector, from + c, d.positions, d.channels, y + to + c, own);
                } else {
                    write_means<count.value>(vector, from + c, d.positions, d.channels, y + to + c);
                }
            });
        });
    }

    void backward(const cn_state* state, const int32_t* indices, const float* dy, float* dx) override {
        const cn_global_pooling2d_desc& d = _desc;
        if (d.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        int64_t block = std::max<int64_t>(1, ChunkElements / d.channels), blocks = (d.positions + block - 1) / block;
        _context.parallel_for(state->rows * blocks, [=, &d](int64_t item, int) {
            int64_t sample = item / blocks, first = item % blocks * block, last = std::min(d.positions, first + block);
            float* target = dx + (sample * d.positions + first) * d.channels;
            if (d.pooling == CN_GLOBAL_POOLING_MAX) {
                write_hits(indices + sample * d.channels, dy + sample * d.channels, first, last, target);
            } else {
                write_shares(dy + sample * d.channels, last - first, target);
            }
        });
    }

private:
    // dx of the positions [first, last).
    void write_hits(const int32_t* indices, const float* dy, int64_t first, int64_t last, float* dx) const {
        if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
            std::memset(dx, 0, static_cast<size_t>((last - first) * _desc.channels) * sizeof(float));
        }
        for (int64_t c = 0; c < _desc.channels; ++c) {
            if (indices[c] >= first && indices[c] < last) {
                dx[(indices[c] - first) * _desc.channels + c] += dy[c];
            }
        }
    }

    void write_shares(const float* dy, int64_t positions, float* dx) const {
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        auto divisor = static_cast<float>(_desc.positions);
        for (int64_t p = 0; p < positions; ++p) {
            float* target = dx + p * _desc.channels;
            for_vectors(0, _desc.channels, [=](int64_t c, auto vector) {
                Vec share = vector.load(dy + c) / divisor;
                vector.store(target + c, accumulate ? vector.load(target + c) + share : share);
            });
        }
    }

    Context& _context;
    cn_global_pooling2d_desc _desc;
};

} // namespace

std::unique_ptr<GlobalPooling2DOp> make_global_pooling2d(Context& context, const cn_global_pooling2d_desc& desc) {
    return std::make_unique<GlobalPooling2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
