#include "choice.h"

#include "common/error.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace compiled::cuda::cudnn {

namespace {

constexpr const char* TuningVariable = "COMPILED_CUDA_TUNING";
constexpr double Tie = 1.01;

// cudnnMathType_t
constexpr int DefaultMath = 0, TensorOpMath = 1, FmaMath = 3;

// cudnnConvolutionFwdAlgo_t: implicit matrix product, the same with indices computed before, explicit matrix product. Of the gradients'
// algorithms that is number 1; 0 (and 3 for the kernel) add with atomics.
bool is_ordered_sum(Product product, int number) {
    return product == Product::Forward ? number >= 0 && number <= 2 : number == 1;
}

bool is_allowed_math(int32_t precision, int math) {
    if (precision == CN_PRECISION_TF32) {
        return math == DefaultMath || math == TensorOpMath || math == FmaMath;
    }
    return precision == CN_PRECISION_FLOAT32 && math == FmaMath;
}

// Left open means TF32 on the devices that have it.
int settled_math(int32_t precision, int math) {
    return precision == CN_PRECISION_FLOAT32 && math == DefaultMath ? FmaMath : math;
}

void append(std::ostringstream& text, const cn_window& w) {
    for (int64_t number :
         {w.height, w.width, w.stride_height, w.stride_width, w.dilation_height, w.dilation_width, w.pad_top, w.pad_left}) {
        text << ' ' << number;
    }
}

bool parse_algorithm(const std::string& word, Algorithm& algorithm) {
    int length = 0;
    bool read = std::sscanf(word.c_str(), "%4d/%4d%n", &algorithm.number, &algorithm.math, &length) == 2;
    return read && static_cast<size_t>(length) == word.size();
}

} // namespace

int major_version(int64_t version) {
    if (version >= 10000) {
        return version / 10000 == 9 ? 9 : 0;
    }
    return version / 1000 == 8 ? 8 : 0;
}

bool is_acceptable(Product product, int32_t precision, Algorithm algorithm) {
    return is_ordered_sum(product, algorithm.number) && is_allowed_math(precision, algorithm.math);
}

std::vector<Algorithm> acceptable(Product product, int32_t precision, const std::vector<Offer>& offers, int64_t most_bytes) {
    std::vector<Algorithm> algorithms;
    for (const Offer& offer : offers) {
        Algorithm algorithm{offer.number, settled_math(precision, offer.math)};
        bool is_good = offer.works && offer.deterministic && offer.bytes <= most_bytes && is_acceptable(product, precision, algorithm);
        if (is_good && std::find(algorithms.begin(), algorithms.end(), algorithm) == algorithms.end()) {
            algorithms.push_back(algorithm);
        }
    }
    return algorithms;
}

std::vector<Product> products_of(const cn_conv2d_desc& desc, Direction direction) {
    if (direction == Direction::Forward) {
        return {Product::Forward};
    }
    if (desc.input_gradient == CN_GRADIENT_NONE) {
        return {Product::KernelGradient};
    }
    return {Product::KernelGradient, Product::InputGradient};
}

std::string to_text(const Choice& choice) {
    if (!choice.cudnn) {
        return "own";
    }
    std::string text = "cudnn";
    for (const Algorithm& algorithm : choice.algorithms) {
        text += ' ' + std::to_string(algorithm.number) + '/' + std::to_string(algorithm.math);
    }
    return text;
}

bool parse_choice(const std::string& text, const cn_conv2d_desc& desc, Direction direction, Choice& choice) {
    if (text == "own") {
        choice = {};
        return true;
    }
    std::istringstream words(text);
    std::string word;
    if (!(words >> word) || word != "cudnn") {
        return false;
    }
    Choice read{true, {}};
    for (Product product : products_of(desc, direction)) {
        Algorithm algorithm;
        if (!(words >> word) || !parse_algorithm(word, algorithm) || !is_acceptable(product, desc.precision, algorithm)) {
            return false;
        }
        read.algorithms.push_back(algorithm);
    }
    if (words >> word) {
        return false;
    }
    choice = read;
    return true;
}

std::string stage_key(const cn_conv2d_desc& d, Direction direction) {
    std::ostringstream text;
    text << (direction == Direction::Forward ? "forward" : "backward");
    for (int64_t number : {d.batch, d.input_height, d.input_width, d.input_channels, d.filters, d.conv_height, d.conv_width,
                           d.output_height, d.output_width}) {
        text << ' ' << number;
    }
    append(text, d.window);
    append(text, d.pool);
    text << ' ' << d.activation << ' ' << d.use_bias << ' ' << (d.dropout_rate > 0 ? 1 : 0) << ' ' << d.precision;
    if (direction == Direction::Backward) {
        text << ' ' << d.input_gradient;
    }
    return text.str();
}

Tuning tuning_of(const char* value) {
    if (value == nullptr || *value == '\0' || std::strcmp(value, "cache") == 0) {
        return Tuning::Cache;
    }
    if (std::strcmp(value, "off") == 0) {
        return Tuning::Off;
    }
    if (std::strcmp(value, "on") == 0) {
        return Tuning::On;
    }
    fail(CN_STATUS_INVALID_ARGUMENT, "the environment variable %s is '%s': it can be off, cache or on", TuningVariable, value);
}

bool prefers_cudnn(bool tiled) {
    return !tiled;
}

size_t fastest(const std::vector<Entrant>& entrants) {
    double best = entrants.front().milliseconds;
    for (const Entrant& entrant : entrants) {
        best = std::min(best, entrant.milliseconds);
    }
    size_t winner = entrants.size();
    for (size_t i = 0; i < entrants.size(); ++i) {
        bool is_close = entrants[i].milliseconds <= best * Tie;
        if (is_close && (winner == entrants.size() || entrants[i].bytes < entrants[winner].bytes)) {
            winner = i;
        }
    }
    return winner;
}

} // namespace compiled::cuda::cudnn
