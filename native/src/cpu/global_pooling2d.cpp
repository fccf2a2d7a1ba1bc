// Global pooling: y = the mean or the maximum over the positions of a sample; dx = dy / positions, or dy at the maximum and 0 elsewhere.
//
// Shapes   x, dx: [rows, positions, channels]; y, dy, indices: [rows, channels].
// Writes   forward overwrites y and, unless null, indices; backward overwrites dx or adds to it.
// Sums     By blocks of positions, which join a sum in float64.
// Threads  forward groups of channels of a sample, backward blocks of its positions.
#include "common/max_pooling.h"
#include "ops.h"
#include "position_means.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

// Of `channels` neighbouring ones, at most MeanChannels, of the `width` that a position has.
void write_maxima(const float* x, int64_t positions, int64_t width, int64_t channels, float* y, int32_t* indices) {
    alignas(64) float best[MeanChannels];
    alignas(64) float winners[MeanChannels] = {}; // positions, moved like floats but not read as such
    for_vectors(0, channels, [&](int64_t c, auto vector) { store(best + c, vector.load(x + c)); });
    for_strips(positions, [&](int64_t begin, auto count) {
        for_vectors(0, channels, [&](int64_t c, auto vector) {
            Vec largest = load(best + c);
            auto index = bit_cast<IntVec>(load(winners + c));
            for (int64_t p = begin; p < begin + count.value; ++p) {
                Vec candidate = vector.load(x + p * width + c);
                IntVec takes = max_pooling_takes(candidate, largest);
                largest = select(takes, candidate, largest);
                index = takes ? broadcast_int(static_cast<int32_t>(p)) : index;
            }
            store(best + c, largest);
            store(winners + c, bit_cast<Vec>(index));
        });
    });
    for_vectors(0, channels, [&](int64_t c, auto vector) {
        vector.store(y + c, load(best + c));
        if (indices != nullptr) {
            vector.store(reinterpret_cast<float*>(indices + c), load(winners + c));
        }
    });
}

class GlobalPooling2DKernel final : public GlobalPooling2DOp {
public:
    GlobalPooling2DKernel(Context& context, const cn_global_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y, int32_t* indices) override {
        const cn_global_pooling2d_desc& d = _desc;
        int64_t groups = (d.channels + MeanChannels - 1) / MeanChannels;
        _context.parallel_for(state->rows * groups, [=, &d](int64_t item, int) {
            int64_t sample = item / groups, first = item % groups * MeanChannels, channels = std::min(MeanChannels, d.channels - first);
            const float* from = x + sample * d.positions * d.channels + first;
            int64_t to = sample * d.channels + first;
            if (d.pooling == CN_GLOBAL_POOLING_MAX) {
                write_maxima(from, d.positions, d.channels, channels, y + to, indices == nullptr ? nullptr : indices + to);
            } else {
                auto value = [=, &d](int64_t position, int64_t c, auto vector) { return vector.load(from + position * d.channels + c); };
                write_position_means(d.positions, channels, value, y + to);
            }
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
