// Exports: graphs of recorded runs.
#include "arguments.h"
#include "backends.h"
#include "guard.h"
#include "handles.h"

using namespace compiled;
using namespace compiled::abi;

cn_status cn_graph_begin(cn_context* context) {
    return guarded("cn_graph_begin", [=] {
        std::shared_ptr<ContextState> state = find_context(context);
        if (!state->backend->records_graphs()) {
            fail(CN_STATUS_UNSUPPORTED, "%s records no graphs; run the ops one by one", state->backend->description());
        }
        state->recording.begin();
        try {
            Run run(*state);
            state->backend->begin_graph();
            require_success(*state->backend);
        } catch (...) {
            state->recording.end();
            throw;
        }
    });
}

cn_status cn_graph_end(cn_context* context, cn_graph** graph) {
    return guarded("cn_graph_end", [=] {
        require_out("graph", graph);
        auto entry = std::make_shared<GraphEntry>();
        entry->context = find_context(context);
        ContextState& state = *entry->context;
        Run run(state);
        if (!state.recording.is_on()) {
            fail(CN_STATUS_INVALID_ARGUMENT, "the context records no graph; call cn_graph_begin first");
        }
        entry->graph = state.backend->end_graph();
        state.recording.end();
        require_success(*state.backend);
        *graph = to_pointer<cn_graph>(insert_handle(std::move(entry)));
    });
}

cn_status cn_graph_get_info(cn_graph* graph, cn_graph_info* info) {
    return guarded("cn_graph_get_info", [=] {
        std::shared_ptr<GraphEntry> entry = find_graph(graph);
        cn_graph_info filled = read_desc(info);
        std::lock_guard turn(entry->context->turn);
        require_live("graph", entry->graph);
        filled.reserved = 0;
        filled.nodes = entry->graph->nodes();
        filled.kernels = entry->graph->kernels();
        *info = filled;
    });
}

cn_status cn_graph_launch(cn_graph* graph) {
    return guarded("cn_graph_launch", [=] {
        std::shared_ptr<GraphEntry> entry = find_graph(graph);
        ContextState& state = *entry->context;
        Run run(state);
        state.recording.require_off();
        require_live("graph", entry->graph);
        entry->graph->launch();
        require_success(*state.backend);
    });
}

cn_status cn_graph_destroy(cn_graph* graph) {
    return guarded("cn_graph_destroy", [=] {
        if (graph == nullptr) {
            return;
        }
        std::shared_ptr<GraphEntry> entry = remove_graph(graph);
        std::lock_guard turn(entry->context->turn);
        entry->graph.reset();
    });
}
