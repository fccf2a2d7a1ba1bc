#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_global_pooling2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_extents({{"batch", desc.batch}, {"positions", desc.positions}, {"channels", desc.channels}});
    require_elements("x", {{"batch", desc.batch}, {"positions", desc.positions}, {"channels", desc.channels}});
    require_enumerator("pooling", desc.pooling, CN_GLOBAL_POOLING_MAX, "cn_global_pooling");
    require_reserved(desc.reserved);
}

void require_indices(const OpEntry& entry, const int32_t* indices) {
    if (entry.has_indices) {
        require_pointer("indices", indices, alignof(int32_t));
    } else {
        require_null("indices", indices, "pooling is CN_GLOBAL_POOLING_AVERAGE");
    }
}

} // namespace

cn_status cn_global_pooling2d_create(cn_context* context, const cn_global_pooling2d_desc* desc, cn_op** op) {
    return create(
        "cn_global_pooling2d_create", HandleKind::GlobalPooling2D, context, desc, op, validate,
        [](Backend& backend, const cn_global_pooling2d_desc& checked) { return backend.make_global_pooling2d(checked); },
        [](OpEntry& entry, const cn_global_pooling2d_desc& checked) {
            note_batch(entry, checked);
            entry.has_indices = checked.pooling == CN_GLOBAL_POOLING_MAX;
        });
}

cn_status cn_global_pooling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y, int32_t* indices) {
    return run<GlobalPooling2DOp>("cn_global_pooling2d_forward", HandleKind::GlobalPooling2D, op, state,
                                  [=](GlobalPooling2DOp& kernel, const OpEntry& entry) {
                                      require_floats("x", x);
                                      require_floats("y", y);
                                      if (indices != nullptr) {
                                          require_indices(entry, indices);
                                      }
                                      kernel.forward(state, x, y, indices);
                                  });
}

cn_status cn_global_pooling2d_backward(cn_op* op, const cn_state* state, const int32_t* indices, const float* dy, float* dx) {
    return run<GlobalPooling2DOp>("cn_global_pooling2d_backward", HandleKind::GlobalPooling2D, op, state,
                                  [=](GlobalPooling2DOp& kernel, const OpEntry& entry) {
                                      require_indices(entry, indices);
                                      require_floats("dy", dy);
                                      require_input_gradient(entry, dx);
                                      kernel.backward(state, indices, dy, dx);
                                  });
}
