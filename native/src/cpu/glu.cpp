// Gated linear unit: y = a * sigmoid(b), where a and b are the halves of a position; da = dy * sigmoid(b), db = dy * a * sigmoid'(b).
//
// Shapes   x, dx: [rows, positions, 2 * units]; y, dy: [rows, positions, units].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Threads  blocks of positions.
#include "elementwise.h"
#include "ops.h"
#include "simd_math.h"

namespace compiled::cpu::CN_ISA {

namespace {

class GluKernel final : public GluOp {
public:
    GluKernel(Context& context, const cn_glu_desc& desc)
        : _context(context), _desc(desc), _block(desc.units >= BlockElements ? 1 : BlockElements / desc.units) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int64_t units = _desc.units;
        for_positions(state->rows, [=](int64_t position) {
            const float* values = x + position * 2 * units;
            const float* gates = values + units;
            float* target = y + position * units;
            for_vectors(0, units, [=](int64_t i, auto vector) {
                vector.store(target + i, vector.load(values + i) * sigmoid(vector.load(gates + i)));
            });
        });
    }

    void backward(const cn_state* state, const float* x, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        int64_t units = _desc.units;
        for_positions(state->rows, [=](int64_t position) {
            const float* values = x + position * 2 * units;
            const float* gates = values + units;
            const float* gradients = dy + position * units;
            float* dvalues = dx + position * 2 * units;
            float* dgates = dvalues + units;
            for_vectors(0, units, [=](int64_t i, auto vector) {
                Vec gradient = vector.load(gradients + i), b = vector.load(gates + i), gate = sigmoid(b);
                Vec dvalue = gradient * gate;
                // 1 - sigmoid(b), of which nothing is cancelled
                Vec dgate = dvalue * vector.load(values + i) * sigmoid(-b);
                vector.store(dvalues + i, accumulate ? vector.load(dvalues + i) + dvalue : dvalue);
                vector.store(dgates + i, accumulate ? vector.load(dgates + i) + dgate : dgate);
            });
        });
    }

private:
    static constexpr int64_t BlockElements = 4096;

    template <class Body>
    void for_positions(int64_t rows, const Body& body) {
        int64_t positions = rows * _desc.positions;
        int64_t block = _block;
        _context.parallel_for((positions + block - 1) / block, [=, &body](int64_t item, int) {
            int64_t end = positions - item * block < block ? positions : (item + 1) * block;
            for (int64_t position = item * block; position < end; ++position) {
                body(position);
            }
        });
    }

    Context& _context;
    cn_glu_desc _desc;
    int64_t _block;
};

} // namespace

std::unique_ptr<GluOp> make_glu(Context& context, const cn_glu_desc& desc) {
    return std::make_unique<GluKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
