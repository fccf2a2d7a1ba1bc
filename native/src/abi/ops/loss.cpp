#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_loss_desc& desc) {
    require_enumerator("loss", desc.loss, CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, "cn_loss_kind");
    require_enumerator("accuracy", desc.accuracy, CN_ACCURACY_SPARSE, "cn_accuracy");
    require_flag("from_logits", desc.from_logits);
    require_extents({{"batch", desc.batch}, {"classes", desc.classes}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("predictions", {{"batch", desc.batch}, {"positions", desc.positions}, {"classes", desc.classes}});
    if (desc.from_logits != 0 && desc.loss == CN_LOSS_MEAN_SQUARED_ERROR) {
        fail(CN_STATUS_INVALID_ARGUMENT, "from_logits is 1 with the mean squared error: only cross-entropies contain a softmax");
    }
    bool sparse_loss = desc.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    bool sparse_accuracy = desc.accuracy == CN_ACCURACY_SPARSE;
    if (desc.accuracy != CN_ACCURACY_NONE && sparse_loss != sparse_accuracy) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "accuracy is %d and loss %d: sparse targets go with CN_ACCURACY_SPARSE, float targets with another", desc.accuracy, desc.loss);
    }
}

} // namespace

cn_status cn_loss_create(cn_context* context, const cn_loss_desc* desc, cn_op** op) {
    return create(
        "cn_loss_create", HandleKind::Loss, context, desc, op, validate,
        [](Backend& backend, const cn_loss_desc& checked) { return backend.make_loss(checked); },
        [](OpEntry& entry, const cn_loss_desc& checked) { entry.batch = checked.batch; });
}

cn_status cn_loss_forward(cn_op* op, const cn_state* state, const float* predictions, const void* targets, float* gradient,
                          cn_metrics* metrics) {
    return run<LossOp>("cn_loss_forward", HandleKind::Loss, op, state, [=](LossOp& loss, const OpEntry&) {
        require_floats("predictions", predictions);
        require_pointer("targets", targets, alignof(int32_t));
        if (gradient != nullptr) {
            require_floats("gradient", gradient);
        }
        require_pointer("metrics", metrics, alignof(cn_metrics));
        loss.forward(state, predictions, targets, gradient, metrics);
    });
}
