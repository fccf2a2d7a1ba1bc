#include "loss_checks.h"
#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void require_smoothing(const cn_loss_desc& desc) {
    if (!(desc.label_smoothing >= 0.0f && desc.label_smoothing <= 1.0f)) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "label_smoothing is %g: it must be from 0 to 1", static_cast<double>(desc.label_smoothing));
    }
    if (desc.label_smoothing != 0.0f && (!is_crossentropy(desc.loss) || desc.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "label_smoothing is %g: it must be 0 for loss %d, which is no cross-entropy of float targets",
             static_cast<double>(desc.label_smoothing), desc.loss);
    }
}

void require_ignored(const cn_loss_desc& desc) {
    require_flag("ignores_class", desc.ignores_class);
    if (desc.ignores_class != 0 && desc.loss != CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
        fail(CN_STATUS_INVALID_ARGUMENT, "ignores_class is 1: it must be 0 for loss %d, whose targets are no class numbers", desc.loss);
    }
    if (desc.ignores_class == 0 && desc.ignored_class != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "ignored_class is %d: it must be 0 where ignores_class is", desc.ignored_class);
    }
}

void validate(const cn_loss_desc& desc) {
    require_enumerator("loss", desc.loss, CN_LOSS_TVERSKY, "cn_loss_kind");
    require_enumerator("accuracy", desc.accuracy, CN_ACCURACY_SPARSE, "cn_accuracy");
    require_flag("from_logits", desc.from_logits);
    require_extents({{"batch", desc.batch}, {"classes", desc.classes}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("predictions", {{"batch", desc.batch}, {"positions", desc.positions}, {"classes", desc.classes}});
    require_smoothing(desc);
    require_loss_parameters(desc.loss, desc.delta, desc.alpha, desc.gamma, desc.balance, desc.beta, desc.per_sample);
    require_ignored(desc);
    require_reserved(desc.reserved);
    if (desc.from_logits != 0 && !is_crossentropy(desc.loss)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "from_logits is 1 with loss %d: only cross-entropies contain a softmax or a sigmoid", desc.loss);
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
        [](OpEntry& entry, const cn_loss_desc& checked) {
            entry.batch = checked.batch;
            entry.from_logits = checked.from_logits != 0;
        });
}

cn_status cn_loss_forward(cn_op* op, const cn_state* state, const float* predictions, const void* targets, const float* weights,
                          float* gradient, float* probabilities, cn_metrics* metrics) {
    return run<LossOp>("cn_loss_forward", HandleKind::Loss, op, state, [=](LossOp& loss, const OpEntry& entry) {
        require_floats("predictions", predictions);
        require_pointer("targets", targets, alignof(int32_t));
        if (weights != nullptr) {
            require_floats("weights", weights);
        }
        if (gradient != nullptr) {
            require_floats("gradient", gradient);
        }
        if (!entry.from_logits) {
            require_null("probabilities", probabilities, "the predictions are no logits");
        } else if (probabilities != nullptr) {
            require_floats("probabilities", probabilities);
        }
        require_pointer("metrics", metrics, alignof(cn_metrics));
        loss.forward(state, predictions, targets, weights, gradient, probabilities, metrics);
    });
}
