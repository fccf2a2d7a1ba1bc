#include "loss_checks.h"
#include "op.h"

#include <cmath>

using namespace compiled;
using namespace compiled::abi;

namespace {

constexpr int64_t MostThresholds = 1024;
constexpr int64_t MostClasses = 4096; // of CN_METRIC_CLASSES, which counts each pair

void require_zero(const char* name, bool is_zero, const cn_metric_desc& desc) {
    if (!is_zero) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s must be 0 for metric %d, which has no such field", name, desc.metric);
    }
}

void require_loss(const cn_metric_desc& desc) {
    if (desc.metric != CN_METRIC_LOSS) {
        require_zero("loss", desc.loss == 0, desc);
        require_zero("delta", desc.delta == 0.0f, desc);
        require_zero("alpha", desc.alpha == 0.0f, desc);
        require_zero("gamma", desc.gamma == 0.0f, desc);
        require_zero("balance", desc.balance == 0, desc);
        require_zero("beta", desc.beta == 0.0f, desc);
        require_zero("per_sample", desc.per_sample == 0, desc);
        return;
    }
    require_enumerator("loss", desc.loss, CN_LOSS_TVERSKY, "cn_loss_kind");
    require_loss_parameters(desc.loss, desc.delta, desc.alpha, desc.gamma, desc.balance, desc.beta, desc.per_sample);
}

void require_targets(const cn_metric_desc& desc) {
    require_flag("sparse", desc.sparse);
    bool takes_sparse = desc.metric == CN_METRIC_TOP_K || desc.metric == CN_METRIC_CLASSES || desc.metric == CN_METRIC_SCORES ||
                        (desc.metric == CN_METRIC_ACCURACY && desc.accuracy == CN_ACCURACY_SPARSE) ||
                        (desc.metric == CN_METRIC_LOSS && desc.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    bool needs_sparse = takes_sparse && (desc.metric == CN_METRIC_ACCURACY || desc.metric == CN_METRIC_LOSS);
    if ((desc.sparse != 0 && !takes_sparse) || (desc.sparse == 0 && needs_sparse)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "sparse is %d with metric %d, loss %d and accuracy %d, which take the other targets", desc.sparse,
             desc.metric, desc.loss, desc.accuracy);
    }
}

void validate(const cn_metric_desc& desc) {
    require_enumerator("metric", desc.metric, CN_METRIC_PEARSON, "cn_metric_kind");
    require_extents({{"batch", desc.batch}, {"classes", desc.classes}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("predictions", {{"batch", desc.batch}, {"positions", desc.positions}, {"classes", desc.classes}});
    require_enumerator("accuracy", desc.accuracy, CN_ACCURACY_SPARSE, "cn_accuracy");
    bool is_accuracy = desc.metric == CN_METRIC_ACCURACY;
    if (is_accuracy != (desc.accuracy != CN_ACCURACY_NONE)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "accuracy is %d: it must be %s", desc.accuracy,
             is_accuracy ? "another for CN_METRIC_ACCURACY" : "CN_ACCURACY_NONE but for CN_METRIC_ACCURACY");
    }
    require_loss(desc);
    require_targets(desc);
    require_range({"thresholds", desc.thresholds}, desc.metric == CN_METRIC_COUNTS ? 1 : 0,
                  desc.metric == CN_METRIC_COUNTS ? MostThresholds : 0);
    require_range({"k", desc.k}, desc.metric == CN_METRIC_TOP_K ? 1 : 0, desc.metric == CN_METRIC_TOP_K ? MaxExtent : 0);
    if (desc.metric == CN_METRIC_CLASSES) {
        require_range({"classes", desc.classes}, 1, MostClasses);
    }
    if (!std::isfinite(desc.threshold)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "threshold is %g: it must be finite", static_cast<double>(desc.threshold));
    }
    if (!(desc.beyond >= 0.0f && std::isfinite(desc.beyond))) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "beyond is %g: it must be at least 0 and finite", static_cast<double>(desc.beyond));
    }
}

} // namespace

cn_status cn_metric_create(cn_context* context, const cn_metric_desc* desc, cn_op** op) {
    return create(
        "cn_metric_create", HandleKind::Metric, context, desc, op, validate,
        [](Backend& backend, const cn_metric_desc& checked) { return backend.make_metric(checked); },
        [](OpEntry& entry, const cn_metric_desc& checked) {
            entry.batch = checked.batch;
            entry.takes_weights = checked.metric <= CN_METRIC_TOP_K || checked.metric == CN_METRIC_PEARSON;
        });
}

cn_status cn_metric_add(cn_op* op, const cn_state* state, const float* predictions, const void* targets, const float* weights,
                        double* sums) {
    return run<MetricOp>("cn_metric_add", HandleKind::Metric, op, state, [=](MetricOp& metric, const OpEntry& entry) {
        require_floats("predictions", predictions);
        require_pointer("targets", targets, alignof(int32_t));
        if (!entry.takes_weights) {
            require_null("weights", weights, "this metric counts, and does not weigh");
        } else if (weights != nullptr) {
            require_floats("weights", weights);
        }
        require_pointer("sums", sums, alignof(double));
        metric.add(state, predictions, targets, weights, sums);
    });
}
