#include "graph.h"

#include <vector>

namespace compiled::cuda {

RecordedGraph::RecordedGraph(cudaStream_t stream, std::shared_ptr<DeviceMemory> scratch) : _stream(stream), _scratch(std::move(scratch)) {
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream, &graph), "recording a graph");
    try {
        count(graph);
        check(cudaGraphInstantiateWithFlags(&_executable, graph, 0), "making a recorded graph ready");
    } catch (...) {
        cudaGraphDestroy(graph);
        throw;
    }
    cudaGraphDestroy(graph);
}

RecordedGraph::~RecordedGraph() {
    wait_unless_recording(_stream);
    cudaGraphExecDestroy(_executable);
}

void RecordedGraph::launch() {
    cudaError_t error = cudaGraphLaunch(_executable, _stream);
    if (error != cudaSuccess) {
        note_failure(error, "launching a graph");
    }
}

void RecordedGraph::count(cudaGraph_t graph) {
    size_t size = 0;
    check(cudaGraphGetNodes(graph, nullptr, &size), "counting the nodes of a graph");
    std::vector<cudaGraphNode_t> nodes(size);
    check(cudaGraphGetNodes(graph, nodes.data(), &size), "reading the nodes of a graph");
    for (cudaGraphNode_t node : nodes) {
        cudaGraphNodeType type{};
        check(cudaGraphNodeGetType(node, &type), "reading a node of a graph");
        _kernels += type == cudaGraphNodeTypeKernel ? 1 : 0;
    }
    _nodes = static_cast<int64_t>(size);
}

} // namespace compiled::cuda
