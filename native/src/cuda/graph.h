// What a stream recorded, ready to be launched again (compiled.h, cn_graph).
#pragma once

#include "memory.h"

#include "common/backend.h"

#include <memory>

namespace compiled::cuda {

class RecordedGraph final : public Graph {
public:
    // Ends the recording of `stream`. `scratch` is used by its kernels.
    RecordedGraph(cudaStream_t stream, std::shared_ptr<DeviceMemory> scratch);
    ~RecordedGraph() override;

    void launch() override;
    int64_t nodes() const noexcept override { return _nodes; }
    int64_t kernels() const noexcept override { return _kernels; }

private:
    void count(cudaGraph_t graph);

    cudaStream_t _stream;
    std::shared_ptr<DeviceMemory> _scratch;
    cudaGraphExec_t _executable = nullptr;
    int64_t _nodes = 0;
    int64_t _kernels = 0;
};

} // namespace compiled::cuda
