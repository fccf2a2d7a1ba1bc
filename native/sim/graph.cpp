// Stream capture, graphs, and their replay.
#include "device.h"

#include <algorithm>

struct CUgraph_st {
    std::vector<CUgraphNode_st> nodes;
};

struct CUgraphExec_st {
    std::shared_ptr<const std::vector<CUgraphNode_st>> nodes; // also held by launches that have not run yet
};

using namespace compiled::sim;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
    return call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        if (handle == nullptr || stream->capture != nullptr) { // the null stream cannot be captured
            return handle == nullptr ? cudaErrorStreamCaptureUnsupported : cudaErrorInvalidValue;
        }
        stream->capture = std::make_shared<Capture>();
        stream->capture->origin = stream;
        stream->capture->mode = mode;
        stream->captured = 0;
        device().captures.push_back(stream->capture);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
    return call([&] {
        *graph = nullptr;
        Stream* stream = device().find(handle);
        if (stream == nullptr || stream->capture == nullptr || stream->capture->origin != stream) {
            return stream == nullptr ? cudaErrorInvalidResourceHandle : cudaErrorStreamCaptureUnmatched;
        }
        std::shared_ptr<Capture> capture = stream->capture;
        for (auto& one : device().streams) {
            if (one->capture == capture) {
                one->capture = nullptr;
            }
        }
        auto& captures = device().captures;
        captures.erase(std::find(captures.begin(), captures.end(), capture));
        if (capture->invalid || !capture->unjoined.empty()) {
            return capture->invalid ? cudaErrorStreamCaptureInvalidated : cudaErrorStreamCaptureUnjoined;
        }
        *graph = new CUgraph_st{std::move(capture->nodes)};
        return cudaSuccess;
    });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
    return call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        *status = cudaStreamCaptureStatusNone;
        if (stream->capture != nullptr) {
            *status = stream->capture->invalid ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
    return call([&] {
        if (graph == nullptr || count == nullptr) {
            return cudaErrorInvalidValue;
        }
        size_t given = nodes == nullptr ? 0 : std::min(*count, graph->nodes.size());
        for (size_t i = 0; i < given; ++i) {
            nodes[i] = &graph->nodes[i];
        }
        *count = nodes == nullptr ? graph->nodes.size() : given;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
    return call([&] {
        if (node == nullptr) {
            return cudaErrorInvalidValue;
        }
        *type = node->type;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
    return call([&] {
        if (graph == nullptr) {
            return cudaErrorInvalidValue;
        }
        *executable = new CUgraphExec_st{std::make_shared<std::vector<CUgraphNode_st>>(graph->nodes)};
        return cudaSuccess;
    });
}

// One thing to the stream, and so to everybody who waits for it.
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
    return call([&] {
        Stream* stream = device().find(handle);
        if (executable == nullptr || stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        if (stream->capture != nullptr) { // graphs inside graphs are not simulated
            stream->capture->invalid = true;
            return cudaErrorStreamCaptureUnsupported;
        }
        return issue(handle, cudaGraphNodeTypeKernel, [nodes = executable->nodes] {
            for (const CUgraphNode_st& node : *nodes) {
                if (device().sticky == cudaSuccess) {
                    node.work();
                }
            }
        });
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return call([] { return cudaSuccess; });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    delete executable;
    return call([] { return cudaSuccess; });
}
