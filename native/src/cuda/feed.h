// A ring of page-locked areas, from which the device copies by itself while the host fills the next (compiled.h, cn_feed).
#pragma once

#include "context.h"

#include <vector>

namespace compiled::cuda {

class PinnedFeed final : public Feed {
public:
    PinnedFeed(Context& context, void* target, int64_t bytes, int32_t areas);
    ~PinnedFeed() override;

    void* next() override;
    void send(int64_t bytes) override;

private:
    char* area() const noexcept { return _memory.data() + static_cast<int64_t>(_current) * _stride; }

    Context& _context;
    void* _target;
    int64_t _stride;
    PinnedMemory _memory;
    std::vector<cudaEvent_t> _sent; // per area: its last copy is done
    size_t _current = 0;
};

} // namespace compiled::cuda
