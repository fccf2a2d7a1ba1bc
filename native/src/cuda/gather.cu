// Gather: a batch from a data set in device memory (compiled.h, cn_gather_desc).
//
// Shapes   inputs [samples, input_count], targets [samples, target_count] or [samples] to one-hot; x and t the same of rows.
// Writes   overwrites x and t; adds rows to cursor->position.
// Blocks   one per sample, more for large ones; the last to finish counts.
#include "common/gather.h"

#include "elementwise.h"
#include "ops.h"
#include "ticket.h"

#include <cmath>

namespace compiled::cuda {

namespace {

constexpr int64_t BlockElements = 4096;    // of an input, per block
constexpr int64_t MostPieces = 64;         // of an input
constexpr int64_t MostBlocks = UINT32_MAX; // that is_last_block can count

// The pack of an input's elements that begins at `element`.
template <int Width>
__device__ __forceinline__ Pack<Width> load_bytes(const uint8_t* input, int64_t element, float scale) {
    Pack<Width> pack;
    if constexpr (Width == 4) {
        uchar4 four = load_vector<uchar4>(input + element);
        pack.values[0] = static_cast<float>(four.x) * scale, pack.values[1] = static_cast<float>(four.y) * scale;
        pack.values[2] = static_cast<float>(four.z) * scale, pack.values[3] = static_cast<float>(four.w) * scale;
    } else {
        pack.values[0] = static_cast<float>(input[element]) * scale;
    }
    return pack;
}

// Calls body(first element) for the packs that fall to this thread among all pieces of a sample.
template <int Width, class Body>
__device__ __forceinline__ void for_sample(int64_t count, const Body& body) {
    int64_t stride = static_cast<int64_t>(gridDim.y) * blockDim.x * Width;
    for (int64_t i = (static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x) * Width; i < count; i += stride) {
        body(i);
    }
}

template <int Width>
__device__ void gather_input(const cn_gather_desc& desc, const void* inputs, int64_t sample, float* x) {
    int64_t count = desc.input_count;
    if (sample < 0) {
        for_sample<1>(count, [=](int64_t i) { x[i] = NAN; });
    } else if (desc.input == CN_GATHER_INPUT_UINT8) {
        const uint8_t* input = static_cast<const uint8_t*>(inputs) + sample * count;
        float scale = desc.scale;
        for_sample<Width>(count, [=](int64_t i) { load_bytes<Width>(input, i, scale).store(x + i); });
    } else {
        const float* input = static_cast<const float*>(inputs) + sample * count;
        for_sample<Width>(count, [=](int64_t i) { Pack<Width>::load(input + i).store(x + i); });
    }
}

template <int Width>
__global__ void gather_kernel(cn_gather_desc desc, const cn_state* state, const void* inputs, const void* targets, const int32_t* order,
                              cn_cursor* cursor, float* x, void* t, unsigned* ticket) {
    int64_t rows = state->rows, row = blockIdx.x;
    if (row < rows) {
        int64_t sample = gathered_sample(desc, order, cursor->position % desc.samples, row);
        gather_input<Width>(desc, inputs, sample, x + row * desc.input_count);
        for_sample<1>(desc.target_count, [=](int64_t element) { gather_target(desc, targets, sample, element, NAN, t, row); });
    }
    if (is_last_block(ticket, gridDim.x * gridDim.y) && threadIdx.x == 0) {
        cursor->position += rows;
    }
}

class GatherKernel final : public GatherOp {
public:
    GatherKernel(Context& context, const cn_gather_desc& desc)
        : _context(context), _desc(desc), _ticket(sizeof(unsigned), context.stream()) {}

    void forward(const cn_state* state, const void* inputs, const void* targets, const int32_t* order, cn_cursor* cursor, float* x,
                 void* t) override {
        int64_t pieces = (std::max(_desc.input_count, _desc.target_count) + BlockElements - 1) / BlockElements;
        int64_t most = std::min(MostPieces, MostBlocks / _desc.batch); // one at least: a batch has less than 2^31 samples
        dim3 grid(static_cast<unsigned>(_desc.batch), static_cast<unsigned>(std::min(pieces, most)));
        auto* kernel = pack_width(_desc.input_count, inputs, x) == 4 ? gather_kernel<4> : gather_kernel<1>;
        _context.launch(kernel, grid, ElementThreads, 0, _desc, state, inputs, targets, order, cursor, x, t,
                        static_cast<unsigned*>(_ticket.data()));
    }

private:
    Context& _context;
    cn_gather_desc _desc;
    DeviceMemory _ticket;
};

} // namespace

std::unique_ptr<GatherOp> make_gather(Context& context, const cn_gather_desc& desc) {
    return std::make_unique<GatherKernel>(context, desc);
}

} // namespace compiled::cuda
