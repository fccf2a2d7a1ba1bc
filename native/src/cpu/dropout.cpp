// Dropout: y = x * m, dx = dy * m, where m is 0 or 1 / (1 - rate) by the rule of compiled.h.
//
// Shapes   x, y, dy, dx: [rows, count]; element e of the rule is the index in the whole batch.
// Writes   forward overwrites y (which may be x); backward overwrites dx or adds to it. Nothing is saved: backward draws the mask again.
// Threads  chunks of elements.
#include "dropout_mask.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cpu::CN_ISA {

namespace {

static_assert(ChunkElements % DropoutMask::DrawElements == 0, "every chunk starts with a whole draw");

class DropoutKernel final : public DropoutOp {
public:
    DropoutKernel(Context& context, const cn_dropout_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override { run<false>(*state, x, y); }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
            run<false>(*state, dy, dx);
        } else if (_desc.input_gradient == CN_GRADIENT_ACCUMULATE) {
            run<true>(*state, dy, dx);
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

    Context& _context;
    cn_dropout_desc _desc;
};

} // namespace

std::unique_ptr<DropoutOp> make_dropout(Context& context, const cn_dropout_desc& desc) {
    return std::make_unique<DropoutKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
