// The norms of groups of gradients, and the factors that come of them: sums of squares of chunks, which the last block adds by group.
#include "clipping.h"

#include "elementwise.h"
#include "reduce.h"
#include "ticket.h"

#include <algorithm>

namespace compiled::cuda {

namespace {

constexpr int64_t BlocksPerMultiprocessor = 4;

// The groups of a ClippingPlan on the device.
struct Groups {
    const int64_t* chunks;
    const int64_t* chunk_begins;
    int64_t chunk_count, groups;
    double limit;
};

// Chunk after chunk for a block; the last block takes the groups, one for a warp.
__global__ void __launch_bounds__(ElementThreads)
    clipping_kernel(const float* gradients, Groups groups, double* sums, float* factors, unsigned* ticket) {
    for (int64_t chunk = blockIdx.x; chunk < groups.chunk_count; chunk += gridDim.x) {
        double squares = 0.0;
        for (int64_t i = groups.chunks[chunk] + threadIdx.x; i < groups.chunks[chunk + 1]; i += ElementThreads) {
            double gradient = gradients[i];
            squares += gradient * gradient;
        }
        squares = block_sum<static_cast<int>(ElementThreads)>(squares);
        if (threadIdx.x == 0) {
            sums[chunk] = squares;
        }
    }
    if (!is_last_block(ticket, gridDim.x)) {
        return;
    }
    int lane = static_cast<int>(threadIdx.x) % WarpLanes;
    for (int64_t group = threadIdx.x / WarpLanes; group < groups.groups; group += ElementThreads / WarpLanes) {
        double squares = 0.0;
        for (int64_t chunk = groups.chunk_begins[group] + lane; chunk < groups.chunk_begins[group + 1]; chunk += WarpLanes) {
            squares += sums[chunk];
        }
        squares = warp_sum(squares);
        if (lane == 0) {
            factors[group] = clipping_factor(squares, groups.limit);
        }
    }
}

} // namespace

Clipping::Clipping(Context& context, const ClippingPlan& plan)
    : _context(context), _limit(plan.limit), _groups(plan.groups()), _chunk_count(plan.chunk_count()),
      _memory((_groups * 3 + _chunk_count + 4) * static_cast<int64_t>(sizeof(int64_t)), context.stream()) {
    _context.reserve_scratch(_chunk_count * static_cast<int64_t>(sizeof(double)));
    if (_groups == 0) {
        return;
    }
    write(plan.begins, begins());
    write(plan.chunk_begins, chunk_begins());
    write(plan.chunks, chunks());
    for (int64_t group = 0; group < _groups; ++group) {
        _packs = _packs && plan.begins[static_cast<size_t>(group)] % 4 == 0;
    }
}

void Clipping::write(const std::vector<int64_t>& values, int64_t* target) {
    _context.write(target, values.data(), static_cast<int64_t>(values.size() * sizeof(int64_t)));
}

void Clipping::find_factors(const float* gradients) {
    if (_groups == 0) {
        return;
    }
    Groups groups{chunks(), chunk_begins(), _chunk_count, _groups, _limit};
    Grid grid(static_cast<unsigned>(std::min<int64_t>(_chunk_count, _context.multiprocessors() * BlocksPerMultiprocessor)));
    _context.launch(clipping_kernel, grid, ElementThreads, 0, gradients, groups, _context.scratch<double>(), values(), ticket());
}

} // namespace compiled::cuda
