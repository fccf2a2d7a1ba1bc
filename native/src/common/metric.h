// What metrics decide about one element or position (compiled.h, cn_metric_desc), the same on every backend.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>
#include <cstdint>

namespace compiled {

CN_HOST_DEVICE bool is_positive(float target) {
    return target > 0.5f;
}

// Threshold `i` of several.
CN_HOST_DEVICE double threshold_at(const cn_metric_desc& desc, int32_t i) {
    int32_t last = desc.thresholds - 1;
    double place = static_cast<double>(i) / static_cast<double>(last);
    if (i == 0) {
        return place - static_cast<double>(desc.beyond);
    }
    return i == last ? place + static_cast<double>(desc.beyond) : place;
}

// How many of the thresholds a prediction is above; NaN is above none.
CN_HOST_DEVICE int32_t thresholds_below(const cn_metric_desc& desc, float prediction) {
    if (desc.thresholds == 1) {
        return prediction > desc.threshold ? 1 : 0;
    }
    if (prediction != prediction) {
        return 0;
    }
    auto p = static_cast<double>(prediction);
    double inside = p < 0.0 ? 0.0 : (p > 1.0 ? 1.0 : p);
    auto count = static_cast<int32_t>(inside * static_cast<double>(desc.thresholds - 1)); // to within rounding
    while (count < desc.thresholds && p > threshold_at(desc, count)) {
        ++count;
    }
    while (count > 0 && !(p > threshold_at(desc, count - 1))) {
        --count;
    }
    return count;
}

// Whether a single output stands for two classes.
CN_HOST_DEVICE bool has_two_classes(const cn_metric_desc& desc) {
    return desc.metric == CN_METRIC_CLASSES && desc.classes == 1;
}

// A number of counters that a backend keeps for the integer kinds; 0 for the others.
CN_HOST_DEVICE int64_t metric_counters(const cn_metric_desc& desc) {
    switch (desc.metric) {
    case CN_METRIC_COUNTS:
        return 2 * (int64_t{desc.thresholds} + 1);
    case CN_METRIC_CLASSES:
        return has_two_classes(desc) ? 4 : desc.classes * desc.classes;
    case CN_METRIC_SCORES:
        return 3 * desc.classes;
    default:
        return 0;
    }
}

// Of a position: sums over its outputs, less their means, of t p, t^2 and p^2.
CN_HOST_DEVICE double correlation(double products, double targets, double predictions) {
    return products / sqrt(targets * predictions);
}

// A metric that is the mean of a loss, as the loss that computes it.
CN_HOST_DEVICE cn_loss_desc loss_of(const cn_metric_desc& desc) {
    cn_loss_desc loss{};
    loss.loss = desc.loss;
    loss.batch = desc.batch;
    loss.positions = desc.positions;
    loss.classes = desc.classes;
    loss.delta = desc.delta;
    loss.alpha = desc.alpha;
    loss.gamma = desc.gamma;
    loss.balance = desc.balance;
    loss.beta = desc.beta;
    loss.per_sample = desc.per_sample;
    return loss;
}

} // namespace compiled
