// Dropout: y = x * m, dx = dy * m, where m is 0 or 1 / (1 - rate) by the rule of compiled.h.
//
// Shapes   x, y, dy, dx: [rows, count]; element e of the rule is the index in the whole batch, or, where positions share a draw, that among
//          [rows, channels].
// Writes   forward overwrites y (which may be x); backward overwrites dx or adds to it. Nothing is saved: backward draws the mask again.
// Threads  chunks of elements; where draws are shared, blocks of positions of some channels of a sample.
#include "dropout_mask.h"
#include "elementwise.h"
#include "ops.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

static_assert(ChunkElements % DropoutMask::DrawElements == 0, "every chunk starts with a whole draw");

class DropoutKernel final : public DropoutOp {
public:
    DropoutKernel(Context& context, const cn_dropout_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override { choose<false>(*state, x, y); }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
            choose<false>(*state, dy, dx);
        } else if (_desc.input_gradient == CN_GRADIENT_ACCUMULATE) {
            choose<true>(*state, dy, dx);
        }
    }

private:
    template <bool Accumulate>
    void run(const cn_state& state, const float* source, float* target) {
        DropoutMask mask(state, _desc.stream, _desc.rate);
        for_chunks(_context, state.rows * _desc.count, [=](int64_t begin, int64_t end) {
            IntVec kept[4];
            for (int64_t first = begin; first < end; first += DropoutMask::DrawElements) {
                mask.draw(first, kept);
                for (int part = 0; part < 4; ++part) {
                    int64_t i = first + part * Lanes;
                    int64_t part_end = end - i < Lanes ? end : i + Lanes;
                    for_vectors(i, part_end, [&](int64_t at, auto vector) {
                        // A dropped element becomes 0 whatever it was: 0 times infinity would be NaN.
                        Vec value = select(kept[part], vector.load(source + at) * mask.scale(), zero());
                        vector.store(target + at, Accumulate ? vector.load(target + at) + value : value);
                    });
                }
            }
        });
    }

    template <bool Accumulate>
    void choose(const cn_state& state, const float* source, float* target) {
        if (_desc.shared > 1) {
            run_shared<Accumulate>(state, source, target);
        } else {
            run<Accumulate>(state, source, target);
        }
    }

    template <bool Accumulate>
    void run_shared(const cn_state& state, const float* source, float* target) {
        constexpr int64_t Piece = 1024; // channels
        DropoutMask mask(state, _desc.stream, _desc.rate);
        int64_t positions = _desc.shared, channels = _desc.count / positions;
        int64_t pieces = (channels + Piece - 1) / Piece, block = std::max<int64_t>(1, ChunkElements / std::min(channels, Piece));
        int64_t blocks = (positions + block - 1) / block;
        _context.parallel_for(state.rows * blocks * pieces, [&](int64_t item, int) {
            int64_t sample = item / (blocks * pieces), first = item / pieces % blocks * block, channel = item % pieces * Piece;
            int64_t count = std::min(Piece, channels - channel);
            float multipliers[Piece];
            mask.fill(sample * channels + channel, count, multipliers);
            for (int64_t position = first; position < std::min(positions, first + block); ++position) {
                int64_t at = (sample * positions + position) * channels + channel;
                for_vectors(0, count, [&](int64_t i, auto vector) {
                    Vec multiplier = vector.load(multipliers + i);
                    Vec value = select(multiplier != 0.0f, vector.load(source + at + i) * multiplier, zero());
                    vector.store(target + at + i, Accumulate ? vector.load(target + at + i) + value : value);
                });
            }
        });
    }

    Context& _context;
    cn_dropout_desc _desc;
};

} // namespace

std::unique_ptr<DropoutOp> make_dropout(Context& context, const cn_dropout_desc& desc) {
    return std::make_unique<DropoutKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
